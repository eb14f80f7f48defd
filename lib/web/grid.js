// The grid: what there is, newest first, by status, type and a part of the name.

import { findAsset, list, Problem } from "./api.js";
import { announce, bdi, byId, h, safeUrl, time } from "./dom.js";
import { repeat, watch } from "./live.js";
import { withPlaceholder } from "./picture.js";
import { STATUSES, statusOf, TERMINAL } from "./words.js";

const PAGE = 60;
const LOOK = 15; // s between two looks for what others have uploaded
const ARRIVES = 20; // times that an upload is looked for before it is left to the next look

const cards = new Map(); // by the asset's id
const grid = byId("grid");
let query = {};
let cursor = null;
let loading = new AbortController();
let remove = () => {};

/** Start. `onDelete` is called with an asset that somebody wants to delete. */
export function startGrid({ onDelete, onFilter }) {
  remove = onDelete;
  for (const [status, { name }] of Object.entries(STATUSES))
    if (status !== "DELETED") byId("status").append(h("option", { value: status }, name));
  let typing;
  byId("filters").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => onFilter(filters()), 300);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => loadMore());
  new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && loadMore(), {
    rootMargin: "400px",
  }).observe(byId("more"));
  grid.addEventListener("keydown", moveFocus);
  repeat(LOOK, lookForNew);
}

const filters = () =>
  Object.fromEntries(["q", "status", "type"].map((id) => [id, byId(id).value.trim()]));

/** Show what fits a query: q, status, type. */
export async function showGrid(wanted) {
  for (const id of ["q", "status", "type"])
    if (byId(id).value !== (wanted[id] ?? "")) byId(id).value = wanted[id] ?? "";
  const changed = JSON.stringify(wanted) !== JSON.stringify(query);
  if (!changed && cards.size) return;
  query = wanted;
  loading.abort();
  loading = new AbortController();
  cursor = null;
  await loadPage(true);
}

async function loadPage(isFirst) {
  const { signal } = loading;
  try {
    const page = await list({ ...query, cursor, limit: PAGE }, signal);
    if (isFirst) clear();
    for (const asset of page.assets) place(asset, false);
    cursor = page.cursor;
    byId("problem").hidden = true;
    if (isFirst) announce(`${page.assets.length}${cursor ? " or more" : ""} files`);
  } catch (error) {
    if (error.name === "AbortError") return;
    cursor = null;
    showProblem(error);
  }
  byId("more").hidden = !cursor;
  showWhetherEmpty();
}

let more = null;
function loadMore() {
  if (cursor && !more) more = loadPage(false).finally(() => (more = null));
  return more;
}

function showProblem(error) {
  const said = error instanceof Problem ? error.message : "The server can't be reached.";
  byId("problem").textContent =
    error.status === 401 ? "Sign in with a token to see your files." : said;
  byId("problem").hidden = false;
}

function clear() {
  for (const id of [...cards.keys()]) drop(id);
}

export function drop(id) {
  const card = cards.get(id);
  if (!card) return;
  card.unwatch();
  card.item.remove();
  cards.delete(id);
  showWhetherEmpty();
}

function showWhetherEmpty() {
  const nothing = byId("nothing");
  const isFiltered = Object.values(query).some(Boolean);
  nothing.textContent = isFiltered
    ? "Nothing fits. Try another name, status or type."
    : "Nothing here yet. Drop a photo, a video or a folder anywhere on this page.";
  nothing.hidden = cards.size > 0 || !byId("problem").hidden;
}

/** Put an asset into the grid, or show what has changed of it. */
function place(asset, isNew) {
  let card = cards.get(asset.asset_id);
  if (!card) {
    const link = h("a", { class: "card", href: `#/asset/${encodeURIComponent(asset.asset_id)}` });
    card = { link, item: h("li", {}, link), asset: null, unwatch: () => {}, isWatched: false };
    cards.set(asset.asset_id, card);
    if (isNew) grid.prepend(card.item);
    else grid.append(card.item);
  }
  if (card.asset && card.asset.updated_at > asset.updated_at) return;
  showCard(card, asset);
  if (TERMINAL.has(asset.status)) {
    card.unwatch();
    card.isWatched = false;
  } else if (!card.isWatched) {
    card.isWatched = true;
    card.unwatch = watch(asset.asset_id, (now) => (now ? place(now) : drop(asset.asset_id)));
  }
  showWhetherEmpty();
}

function showCard(card, asset) {
  const before = card.asset;
  card.asset = asset;
  if (before && before.status !== asset.status && TERMINAL.has(asset.status))
    announce(`${nameOf(asset)}: ${statusOf(asset.status).name}`);
  const bar = card.link.querySelector("progress");
  if (before?.status === asset.status && pathOf(before.preview) === pathOf(asset.preview)) {
    if (bar && asset.progress != null) bar.value = asset.progress;
    return;
  }
  const src = safeUrl(asset.preview);
  const image = src && h("img", { src, alt: "", loading: "lazy", decoding: "async" });
  const { name } = statusOf(asset.status);
  card.link.dataset.status = asset.status;
  const isReady = asset.status === "READY";
  const caption = [
    h("span", { class: "name" }, bdi(nameOf(asset))),
    !isReady && h("span", { class: "badge" }, name),
    asset.duration_ms != null && h("span", { class: "length" }, time(asset.duration_ms)),
    h("span", { class: "hidden" }, `, ${asset.media_type}${isReady ? `, ${name}` : ""}`),
  ];
  const label = `Progress of ${nameOf(asset)}`;
  const text = h("span", { class: "caption" }, caption);
  card.link.replaceChildren(withPlaceholder(image, asset), text);
  if (asset.status === "PROCESSING")
    card.link.append(h("progress", { max: 100, value: asset.progress, "aria-label": label }));
}

// Each answer has other signatures in its addresses: the picture stays the same.
const pathOf = (url) => url?.split("?")[0];

export const nameOf = ({ key }) => key.split("/").at(-1) || key;

async function lookForNew() {
  if (byId("files").hidden || loading.signal.aborted || !byId("problem").hidden) return;
  try {
    const page = await list({ ...query, limit: 20 }, loading.signal);
    for (const asset of page.assets.reverse()) place(asset, true);
  } catch {
    return; // the next look tells
  }
}

/** An upload has arrived: show it as soon as the catalog knows it. */
export async function expect(key) {
  for (let tries = 0; tries < ARRIVES; tries += 1) {
    try {
      return place(await findAsset(key), true);
    } catch (error) {
      if (!(error instanceof Problem) || ![404, 410].includes(error.status)) return undefined;
    }
    await new Promise((done) => setTimeout(done, 200 + 100 * tries));
  }
  return undefined;
}

/** Set the focus on an asset's card, where there is one. */
export function focusCard(id) {
  (cards.get(id)?.link ?? byId("main")).focus();
}

// Arrow keys go from card to card, Delete asks whether to delete.
function moveFocus(event) {
  const links = [...grid.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0) return;
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const ends = { Home: 0, End: links.length - 1 };
  const to = event.key in steps ? at + steps[event.key] : ends[event.key];
  if (event.key === "Delete") {
    event.preventDefault();
    remove([...cards.values()].find(({ link }) => link === links[at]).asset);
  } else if (links[to]) {
    event.preventDefault();
    links[to].focus();
  }
}
