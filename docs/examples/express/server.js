// A back end: its users upload, it hears when a photo is ready, and shows it.
import { readFileSync } from "node:fs";
import { AwsClient } from "aws4fetch";
import express from "express";
import { Webhook } from "standardwebhooks";

const { API_URL, API_AUTH, DELIVERY_URL, DELIVERY_AUTH, WEBHOOK_SECRET, ...env } = process.env;
const page = readFileSync(new URL("page.html", import.meta.url), "utf8");
const newest = new Map(); // the newest event of each asset; yours is a table

// With apiAuth: iam requests are signed by this server's role; on the local stage they need not be.
const aws = new AwsClient({
  accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
  sessionToken: env.AWS_SESSION_TOKEN,
  region: env.AWS_REGION,
  service: "execute-api",
});
const send = API_AUTH === "iam" ? aws.fetch.bind(aws) : fetch;
const json = { "content-type": "application/json" };
const get = async (path) => (await send(API_URL + path)).json();
const post = (path, fields) =>
  send(API_URL + path, { method: "POST", headers: json, body: JSON.stringify(fields) });

const app = express();

// Who asks is for your session to say; the prefix keeps what they upload apart.
app.post("/uploads", express.json(), async ({ body: { filename, size, type } }, response) => {
  const offer = await post("/uploads", { filename, size, type, prefix: "guests" });
  response.status(offer.status).json(await offer.json());
});

// The signature covers the bytes as they came: they are not parsed before it was verified.
app.post("/hooks/media", express.raw({ type: "*/*" }), ({ body, headers }, response) => {
  try {
    const { data } = new Webhook(WEBHOOK_SECRET).verify(body, headers);
    // Events come at least once and in any order: what is older than the newest is dropped.
    const known = newest.get(data.asset_id);
    if (data.asset_id && !(data.revision < known?.revision)) newest.set(data.asset_id, data);
    response.sendStatus(204);
  } catch {
    response.sendStatus(401);
  }
});

app.get("/events/:asset", ({ params }, response) => response.json(newest.get(params.asset) ?? {}));

app.get("/", async (_, response) => {
  const images = [...newest.values()].filter((each) => each.media_type === "image");
  const ready = images.filter((each) => ["READY", "PARTIAL"].includes(each.status));
  const pictures = (await Promise.all(ready.map(addressOf)))
    .map((each) => `<img alt="" loading="lazy" src="${each.replaceAll("&", "&amp;")}">`);
  response.send(page.replace("<!-- pictures -->", () => pictures.join("\n")));
});

// One stable address, behind which is the best rendition; or a rendition that opens for an hour.
async function addressOf({ asset_id, key }) {
  const path = key.split("/").map(encodeURIComponent).join("/");
  if (DELIVERY_AUTH !== "signed") return `${DELIVERY_URL}/m/${path}?w=640`;
  const grant = await post(`/assets/${asset_id}/grant`, { seconds: 3600 });
  return (await get(`/assets/${asset_id}`)).preview + (await grant.json()).query;
}

app.listen(3000, "localhost", () => console.log("http://localhost:3000"));
