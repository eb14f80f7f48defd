// One asset's page: what it looks like, what was made of it, what is known of it, what can be done.

import { deleteAsset, getAsset, Problem, retryAsset } from "./api.js";
import { announce, bdi, byId, bytes, confirm, copyButton, date, h, safeUrl, time } from "./dom.js";
import { nameOf } from "./grid.js";
import { watch } from "./live.js";
import { formatsOf, picture, withPlaceholder, zoom } from "./picture.js";
import { makePlayer } from "./player.js";
import { factsOf, KINDS, reasonOf, statusOf, TERMINAL, warningOf } from "./words.js";

const page = byId("asset");
let close = () => {};

/** Show an asset. `onGone` is called where there is none any more. */
export async function showAsset(id, { presets, onGone }) {
  hideAsset();
  const place = { id, presets, onGone, player: null, shown: null, unwatch: () => {} };
  close = () => {
    place.unwatch();
    place.player?.close();
    place.isClosed = true;
  };
  page.replaceChildren(h("p", { class: "muted" }, "Loading …"));
  page.hidden = false;
  try {
    show(place, (await getAsset(id)).asset);
    page.querySelector("h2").focus();
  } catch (error) {
    if (!place.isClosed) showMissing(error);
  }
}

export function hideAsset() {
  close();
  page.hidden = true;
  page.replaceChildren();
}

function follow(place) {
  const gone = new Problem(404, { title: "This file is gone." });
  place.unwatch();
  place.unwatch = watch(place.id, (asset) => (asset ? show(place, asset) : showMissing(gone)));
}

function showMissing(error) {
  close();
  const said = error instanceof Problem ? error.message : "The server can't be reached.";
  const title = h("h2", { tabindex: -1 }, "There is no such file");
  page.replaceChildren(back(), title, h("p", { role: "alert" }, said));
  page.querySelector("h2").focus();
}

const back = () => h("p", {}, h("a", { href: "#", id: "back" }, "← All files"));

// Progress changes often, all the rest seldom: what somebody uses is not taken from their hands.
function show(place, asset) {
  if (place.isClosed) return;
  const before = place.shown;
  place.shown = asset;
  const bar = page.querySelector(".notice progress");
  if (before?.status === asset.status && before.updated_at === asset.updated_at) return;
  if (bar && before?.status === asset.status && asset.progress != null) {
    bar.value = asset.progress;
    return;
  }
  if (before && before.status !== asset.status) announce(statusOf(asset.status).said);
  const focused = document.activeElement?.dataset.focus;
  place.player?.close();
  place.player = null;
  const { name } = statusOf(asset.status);
  const badge = h("span", { class: "badge", "data-status": asset.status }, name);
  const parts = [
    ...[back(), h("h2", { tabindex: -1, "data-focus": "title" }, bdi(nameOf(asset)))],
    ...[h("p", { class: "row" }, badge, outline(asset)), statusPart(asset), view(place, asset)],
    ...[actions(place, asset), snippetPart(asset), renditionsPart(asset), factsPart(asset)],
  ];
  page.replaceChildren(...parts.filter(Boolean));
  page.querySelector(`[data-focus="${focused}"]`)?.focus();
  if (!TERMINAL.has(asset.status)) follow(place);
}

function outline({ mime, size, width, height, duration_ms: duration, preset }) {
  const parts = [mime, bytes(size), width && `${width} × ${height}`];
  if (duration != null) parts.push(time(duration));
  if (preset) parts.push(`preset ${preset}`);
  return h("span", { class: "muted" }, parts.filter(Boolean).join(" · "));
}

function statusPart({ status, reason, progress, warnings }) {
  const part = h("div", { class: "notice", "data-status": status });
  if (status !== "READY" || reason) part.append(h("p", {}, statusOf(status).said));
  if (reason) {
    part.append(h("p", { class: "reason" }, bdi(reasonOf(reason))));
    const exactly = h("p", {}, bdi(`${reason.code}: ${reason.message ?? ""}`));
    part.append(h("details", {}, h("summary", {}, "What exactly"), exactly));
  }
  if (status === "PROCESSING")
    part.append(h("progress", { max: 100, value: progress, "aria-label": "Progress" }));
  for (const each of warnings ?? [])
    part.append(h("p", { title: each.message }, `⚠ ${warningOf(each)}`));
  return part.childElementCount ? part : null;
}

const made = (asset, kind, fits = () => true) =>
  (asset.renditions ?? []).filter((each) => each.kind === kind && safeUrl(each.url) && fits(each));

function view(place, asset) {
  const alt = nameOf(asset);
  const formats = formatsOf(asset.renditions ?? []);
  if (formats.length && asset.media_type !== "video") {
    const open = () => zoom(formats, alt).catch(() => announce("It can't be enlarged."));
    const label = `Enlarge ${alt}`;
    const shown = withPlaceholder(picture(formats, alt), asset);
    return h("button", { type: "button", class: "view", "aria-label": label, onClick: open }, shown);
  }
  const stream = made(asset, "stream", ({ mime }) => mime.includes("mpegurl"))[0]?.url;
  const file = (made(asset, "video")[0] ?? made(asset, "audio")[0])?.url;
  if (!stream && !file) return null;
  place.player = makePlayer({
    kind: asset.media_type === "audio" ? "audio" : "video",
    name: alt,
    stream,
    file,
    poster: made(asset, "poster", ({ mime }) => mime === "image/jpeg").at(-1)?.url,
    storyboard: made(asset, "storyboard")[0]?.url,
    waveform: made(asset, "waveform", ({ mime }) => mime.startsWith("image/"))[0]?.url,
    subtitles: made(asset, "subtitles", ({ mime }) => mime === "text/vtt"),
    duration_ms: asset.duration_ms,
    width: asset.width,
    height: asset.height,
  });
  return place.player.box;
}

function actions(place, asset) {
  const said = h("p", { class: "notice", role: "alert", hidden: true });
  const attempt = async (what) => {
    said.hidden = true;
    try {
      await what();
    } catch (error) {
      said.textContent = error instanceof Problem ? error.message : "The server can't be reached.";
      said.hidden = false;
    }
  };
  const button = (name, focus, what) => {
    const kind = focus === "delete" ? "danger" : "";
    const attributes = { type: "button", class: kind, "data-focus": focus };
    return h("button", { ...attributes, onClick: () => attempt(what) }, name);
  };
  const row = h("div", { class: "row", role: "group", "aria-label": "What to do" });
  if (TERMINAL.has(asset.status) && asset.media_type !== "unsupported") {
    const options = place.presets.map((each) => h("option", { value: each }, each));
    const select = h("select", {}, h("option", { value: "" }, "the same"), ...options);
    const again = async () => {
      await retryAsset(asset.asset_id, select.value);
      announce("It is made again.");
      place.shown = null;
      follow(place);
    };
    const name = asset.status === "READY" ? "Make again" : "Try again";
    row.append(button(name, "retry", again), h("label", {}, "with the preset ", select));
  }
  row.append(button("Delete", "delete", () => askToDelete(asset, place.onGone)));
  return h("div", { class: "actions" }, row, said);
}

/** Ask, delete, and call `onGone` with the id. */
export async function askToDelete(asset, onGone) {
  const text = [bdi(asset.key), " and all that was made of it are deleted for good."];
  if (!(await confirm("Delete this file?", text, "Delete"))) return;
  await deleteAsset(asset.asset_id);
  announce("Deleted");
  onGone(asset.asset_id);
}

function snippetPart(asset) {
  const snippet = asset.picture || asset.video || asset.html;
  if (!snippet) return null;
  const code = h("pre", { tabindex: 0, "aria-label": "HTML for your page" }, h("code", {}, snippet));
  return section("HTML for your page", code, copyButton(snippet, "Copy"));
}

const section = (title, ...content) => h("section", {}, h("h3", {}, title), ...content);

function renditionsPart(asset) {
  if (!asset.renditions?.length) return null;
  const head = ["Name", "What", "Format", "Pixels", "Size", "Of the original"];
  const rows = asset.renditions.map((each) => renditionRow(each, asset.size));
  const titles = h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)));
  const table = h("table", {}, h("thead", {}, titles), h("tbody", {}, ...rows));
  const manifest = safeUrl(asset.manifest_url);
  return section(
    "Renditions",
    asset.bytes_saved > 0 && h("p", {}, `${bytes(asset.bytes_saved)} saved`),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Renditions" }, table),
    manifest && h("p", { class: "row" }, link(manifest, "manifest.json"), copyButton(manifest, "Copy")),
  );
}

const link = (href, ...text) => h("a", { href, target: "_blank", rel: "noreferrer" }, ...text);

function renditionRow(each, size) {
  const { name, kind, mime, width, height, error, url } = each;
  const isWhole = !["rung", "stream", "storyboard"].includes(kind); // their bytes are elsewhere
  const count = isWhole ? each.bytes : null;
  const href = safeUrl(url);
  const cells = [
    KINDS[kind] ?? kind,
    [mime, each.codecs].filter(Boolean).join(" "),
    width ? `${width} × ${height}` : "",
    isWhole ? bytes(count) : each.bandwidth ? `${Math.round(each.bandwidth / 1000)} kbit/s` : "",
    count != null && size ? `${Math.round((100 * count) / size)} %` : "",
  ];
  if (error) cells.splice(2, 3, h("span", { class: "reason" }, bdi(reasonOf(error))), "", "");
  const title = h("th", { scope: "row" }, href ? link(href, bdi(name)) : bdi(name));
  return h("tr", {}, title, ...cells.map((cell) => h("td", {}, cell)));
}

function factsPart(asset) {
  const probe = asset.probe ?? {};
  const facts = factsOf(probe);
  const tracks = [...(probe.audio_tracks ?? []), ...(probe.subtitles ?? [])];
  const told = tracks.map(({ codec, language, channels }) =>
    [codec, language, channels && `${channels} channels`].filter(Boolean).join(", "),
  );
  const rows = [
    ["Key", asset.key],
    ["Uploaded", date(asset.created_at)],
    ["Changed", date(asset.updated_at)],
    ...facts.map(([name, text]) => [name, name === "Taken" ? date(text) : text]),
    ...told.map((text, index) => [`Track ${index + 1}`, text]),
    ["Asset", asset.asset_id],
    ["Version", asset.version_id],
  ];
  const listed = rows
    .filter(([, text]) => text)
    .flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, bdi(text))]);
  return section("What is known of it", h("dl", {}, ...listed, ...position(probe)));
}

function position({ latitude, longitude }) {
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return [];
  const at = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const place = `mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
  const map = link(`https://www.openstreetmap.org/?${place}`, `${at} on a map`);
  return [h("dt", {}, "Position"), h("dd", {}, map)];
}
