// Uploads with stock Uppy, and shows each photo or film as soon as it is ready.
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

const input = document.querySelector("input");
const rows = new Map(); // by Uppy's name for a file

// `meta.size` lets the API refuse a file that is too large before a byte is sent.
const uppy = new Uppy({ autoProceed: true }).use(AwsS3, { companionEndpoint: API_URL });

input.addEventListener("change", () => {
  for (const file of input.files) {
    uppy.addFile({ name: file.name, type: file.type, data: file, meta: { size: file.size } });
  }
  input.value = ""; // so that the same file can be chosen again
});

uppy.on("file-added", ({ id, name }) => {
  rows.set(id, document.querySelector("ul").appendChild(document.createElement("li")));
  say(id, name);
});
uppy.on("upload-progress", ({ id, name }, { bytesUploaded, bytesTotal }) =>
  say(id, `${name}: ${Math.round((100 * bytesUploaded) / bytesTotal)} %`)
);
uppy.on("upload-error", ({ id, name }, error) => say(id, `${name}: ${error.message}`));
uppy.on("upload-success", async ({ id, name }, { body }) => {
  say(id, `${name}: in the works`);
  const asset = await ended(body.key);
  // A <picture>, <video> or <audio>, escaped; else why there is none.
  if (asset.html) rows.get(id).innerHTML = asset.html;
  else say(id, `${name}: ${asset.reason?.message ?? asset.status}`);
});

function say(id, text) {
  rows.get(id).textContent = text;
}

// Asks no more often than the answers say; once there is nothing to wait for, they don't.
async function ended(key) {
  const path = key.split("/").map(encodeURIComponent).join("/");
  for (;;) {
    const answer = await fetch(`${API_URL}/assets/by-key/${path}`);
    const wait = answer.headers.get("retry-after");
    if (answer.ok && !wait) return answer.json();
    await new Promise((done) => setTimeout(done, 1000 * (wait ?? 1)));
  }
}
