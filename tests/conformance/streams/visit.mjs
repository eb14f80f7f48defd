// What a page of the local stage does in a browser, and a foreign one tries: each way's outcome.

const failed = () => "blocked";
const told = (url, init, read) => fetch(url, init).then(read, failed);
const form = (fields) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append("file", new Blob(["sent"]), "a.txt");
  return data;
};
/** An element, also where the page is JSON or XML. */
const shown = (src) =>
  new Promise((done) => {
    const image = document.createElementNS("http://www.w3.org/1999/xhtml", "img");
    image.onload = () => done(`${image.naturalWidth} px`);
    image.onerror = () => done("blocked");
    image.src = src;
  });

/** `at` has the addresses; what answers is only read where the page may. */
export async function visit(at) {
  const status = (answer) => answer.status;
  const json = { "Content-Type": "application/json" };
  return {
    call: await told(at.api, { method: "POST", headers: json, body: "{}" }, status),
    simple: await told(at.api, { method: "POST", mode: "no-cors", body: "{}" }, (a) => a.type),
    get: await told(at.api, { mode: "no-cors" }, (a) => a.type),
    put: await told(at.put, { method: "PUT", body: "sent" }, (a) => a.headers.get("ETag")),
    form: await told(at.bucket, { method: "POST", body: form(at.fields) }, status),
    read: await told(at.picture, {}, (a) => a.blob().then((blob) => blob.type)),
    picture: await shown(at.picture),
    presigned: await shown(at.presigned),
    hidden: await shown(at.hidden),
  };
}
