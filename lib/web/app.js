// The page: where it starts, which part of it is shown, who is signed in.

import { getSettings, setToken } from "./api.js";
import { askToDelete, hideAsset, showAsset } from "./asset.js";
import { announce, byId, h } from "./dom.js";
import { drop, expect, focusCard, showGrid, startGrid } from "./grid.js";
import { startUploads } from "./uploads.js";
import "./style.css";

const TITLE = document.title;
const settings = await getSettings().catch(() => ({ auth: "none", presets: [] }));
let opened = null; // the asset's id
let lastQuery = "";

function gone(id) {
  drop(id);
  if (opened === id) location.hash = lastQuery;
}

const askFirst = (asset) =>
  askToDelete(asset, gone).catch((error) => announce(`It is not deleted: ${error.message}`));

// #/asset/ID shows an asset, #?status=READY&q=… the grid.
function route() {
  const [, id] = /^#\/asset\/([^/?]+)/.exec(location.hash) ?? [];
  byId("files").hidden = Boolean(id);
  if (id) {
    opened = decodeURIComponent(id);
    showAsset(opened, { presets: settings.presets, onGone: gone });
    document.title = `File · ${TITLE}`;
    return;
  }
  hideAsset();
  document.title = TITLE;
  lastQuery = location.hash;
  showGrid(Object.fromEntries(new URLSearchParams(location.hash.replace(/^#\??/, ""))));
  if (opened) focusCard(opened);
  opened = null;
}

function filter(wanted) {
  const given = Object.entries(wanted).filter(([, value]) => value);
  location.hash = given.length ? `?${new URLSearchParams(given)}` : "";
}

function startSigningIn() {
  const form = byId("signing-in");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setToken(byId("token").value.trim());
    byId("token").value = "";
    location.reload();
  });
}

function start() {
  if (settings.auth === "jwt") startSigningIn();
  byId("preset").append(...settings.presets.map((each) => h("option", { value: each }, each)));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  document.addEventListener("keydown", ({ key }) => {
    const isAbove = document.fullscreenElement || document.querySelector("dialog[open], .pswp");
    if (key === "Escape" && opened && !isAbove) location.hash = lastQuery;
  });
  startGrid({ onDelete: askFirst, onFilter: filter });
  startUploads({ uploaded: (key) => expect(key), preset: () => byId("preset").value });
  addEventListener("hashchange", route);
  route();
}

start();
