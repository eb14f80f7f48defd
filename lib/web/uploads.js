// Uploads, by Uppy: what is dropped or chosen goes at once, and goes on after a closed tab.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { getDroppedFiles } from "@uppy/core/utils";
import GoldenRetriever from "@uppy/golden-retriever";
import { BASE } from "./api.js";
import { announce, bdi, byId, bytes, h } from "./dom.js";

const MB = 1024 * 1024;
const MULTIPART = 16 * MB; // above it an upload goes in parts, and can be paused and resumed
const PART = 8 * MB;
const SHORT = 2500; // ms that a finished upload stays in the list

const uppy = new Uppy({ id: "gallery", autoProceed: true });
const rows = new Map(); // by the file's id
const USED = "uploads"; // whether there may be any to restore
const RESTORED_BY = 3000; // ms; by then there are none
let restored;

/** Start. `uploaded` is called with the key of each file that has arrived. */
export function startUploads({ uploaded, preset }) {
  uppy.use(AwsS3, {
    companionEndpoint: BASE,
    shouldUseMultipart: ({ size }) => (size ?? 0) > MULTIPART,
    getChunkSize: ({ size }) => Math.max(PART, Math.ceil(size / 1000)),
  });
  restored = new Promise(remember);
  uppy.on("file-added", showRow);
  uppy.on("restored", resume);
  uppy.on("upload-progress", showProgress);
  uppy.on("upload-success", (file, { body }) => {
    end(file);
    uploaded(body.key);
  });
  uppy.on("upload-error", showError);
  uppy.on("restriction-failed", (file, error) => showRefused(file?.name ?? "", error.message));
  uppy.on("file-removed", ({ id }) => {
    if (rows.has(id)) gone(rows.get(id).row);
    rows.delete(id);
  });
  startDrops((files) => add(files, preset()));
  for (const id of ["choose-files", "choose-folder"]) {
    const input = byId(id);
    input.addEventListener("change", () => {
      add([...input.files], preset());
      input.value = ""; // so that the same file can be chosen again
    });
    byId(`${id}-button`).addEventListener("click", () => input.click());
  }
}

// One tab alone remembers uploads, for as long as it is open: of two, both would send them. What is
// added before the interrupted ones are back would be lost.
function remember(done) {
  navigator.locks.request("uploads", { ifAvailable: true }, (lock) => {
    if (!lock) return done();
    uppy.once("restored", done);
    setTimeout(done, localStorage.getItem(USED) ? RESTORED_BY : 0);
    uppy.use(GoldenRetriever, { indexedDB: { maxFileSize: 1024 * MB, maxTotalSize: 4096 * MB } });
    return new Promise(() => {});
  });
}

async function add(files, preset) {
  if (!files.length) return;
  await restored;
  localStorage.setItem(USED, "yes");
  const described = files.map((file) => {
    const path = (file.relativePath || file.webkitRelativePath || "").replace(/^\/+/, "");
    return {
      name: file.name,
      type: file.type,
      data: file,
      meta: {
        size: file.size,
        ...(path.includes("/") ? { relativePath: path } : {}),
        ...(preset ? { preset } : {}),
      },
    };
  });
  announce(`${files.length} ${files.length === 1 ? "file" : "files"} to upload`);
  uppy.addFiles(described);
}

function resume() {
  const files = uppy.getFiles();
  for (const { id } of files.filter((each) => each.progress.uploadComplete)) uppy.removeFile(id);
  const left = uppy.getFiles();
  if (!left.length) return;
  for (const file of left) {
    showRow(file);
    if (file.isGhost) showState(file.id, "Interrupted: choose this file again to go on");
    if (file.error) showError(file, new Error(file.error));
  }
  announce(`${left.length} interrupted uploads go on`);
  if (left.some((each) => !each.isGhost)) uppy.emit("restore-confirmed");
}

// A file that is dragged over the window may be dropped anywhere in it.
function startDrops(dropped) {
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (is) => document.body.classList.toggle("dropping", is);
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    over(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(false);
    dropped(await getDroppedFiles(event.dataTransfer));
  });
  addEventListener("paste", (event) => dropped([...(event.clipboardData?.files ?? [])]));
}

function showRow({ id, name, size, meta }) {
  if (rows.has(id)) return;
  const bar = h("progress", { max: 100, value: 0, "aria-label": `Upload of ${name}` });
  const state = h("span", { class: "muted" }, bytes(size));
  const button = (text, onClick, hidden = false) =>
    h("button", { type: "button", class: "quiet", hidden, onClick }, text);
  const hold = () => (pause.textContent = uppy.pauseResume(id) ? "Go on" : "Pause");
  const again = () => {
    retry.hidden = true;
    state.textContent = "Trying again";
    uppy.retryUpload(id);
  };
  const pause = button("Pause", hold, size <= MULTIPART);
  const retry = button("Try again", again, true);
  const cancel = button("Cancel", () => uppy.removeFile(id));
  const buttons = h("div", { class: "row" }, pause, retry, cancel);
  const title = h("span", { class: "name" }, bdi(meta?.relativePath || name));
  const row = h("li", {}, title, bar, state, buttons);
  rows.set(id, { row, bar, state, pause, retry, cancel, name });
  byId("upload-rows").append(row);
  byId("uploads").hidden = false;
}

function showProgress({ id }, { bytesUploaded, bytesTotal }) {
  const shown = rows.get(id);
  if (!shown || !bytesTotal) return;
  shown.bar.value = Math.round((100 * bytesUploaded) / bytesTotal);
  shown.state.textContent = `${bytes(bytesUploaded)} of ${bytes(bytesTotal)}`;
}

function showState(id, text) {
  const shown = rows.get(id);
  if (shown) shown.state.textContent = text;
}

function showError({ id }, error) {
  const shown = rows.get(id);
  if (!shown) return;
  shown.row.classList.add("failed");
  shown.retry.hidden = false;
  shown.pause.hidden = true;
  showState(id, error.message);
  announce(`Upload of ${shown.name} failed: ${error.message}`);
}

function showRefused(name, message) {
  const row = h("li", { class: "failed" }, h("span", { class: "name" }, bdi(name)), message);
  row.append(h("button", { type: "button", class: "quiet", onClick: () => gone(row) }, "Close"));
  byId("upload-rows").append(row);
  byId("uploads").hidden = false;
  announce(message);
}

function end({ id }) {
  const shown = rows.get(id);
  rows.delete(id);
  uppy.removeFile(id);
  if (!shown) return;
  shown.bar.value = 100;
  shown.state.textContent = "Uploaded";
  for (const each of [shown.pause, shown.retry, shown.cancel]) each.hidden = true;
  setTimeout(() => gone(shown.row), SHORT);
}

function gone(row) {
  row.remove();
  byId("uploads").hidden = !byId("upload-rows").children.length;
}
