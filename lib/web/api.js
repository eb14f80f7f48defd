// The HTTP API, which lies beside this page: on a local stage below a path.

export const BASE = new URL("..", import.meta.url).href.replace(/\/$/, "");

const TOKEN = "token";
const send = window.fetch.bind(window);

// As long as the tab is open, and for no other page.
export const setToken = (token) => sessionStorage.setItem(TOKEN, token);

/** What the API says of a request that it did not do; RFC 9457. */
export class Problem extends Error {
  constructor(status, { title, detail, code } = {}) {
    super(detail || title || `The server answered with ${status}.`);
    this.status = status;
    this.code = code;
  }
}

async function problemOf(answer) {
  const said = await answer.json().catch(() => ({}));
  return new Problem(answer.status, said.detail || said.title ? said : { title: said.message });
}

/** Call the API. Raises Problem, and TypeError where it can't be reached. */
export async function call(path, { headers, ...options } = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const given = { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await send(BASE + path, { ...options, headers: given, cache: "no-store" });
  if (!answer.ok && answer.status !== 304) throw await problemOf(answer);
  return answer;
}

// Uppy asks for what it signs by `fetch`, has no setting for headers, and tells of an error by the
// status's name alone: so what it asks of this API goes the same way as the page's own questions.
window.fetch = (input, options) =>
  typeof input === "string" && input.startsWith(`${BASE}/s3/`)
    ? call(input.slice(BASE.length), options)
    : send(input, options);

const pathOf = (id) => `/assets/${encodeURIComponent(id)}`;
const keyed = (key) => key.split("/").map(encodeURIComponent).join("/");

export async function list(query, signal) {
  const given = Object.entries(query).filter(([, value]) => value);
  return (await call(`/assets?${new URLSearchParams(given)}`, { signal })).json();
}

const known = new Map(); // of an asset: its last answer, by its ETag

/** Return an asset, and in how many seconds it is worth asking again (null: it does not change). */
export async function getAsset(id) {
  const before = known.get(id);
  const headers = before?.etag ? { "if-none-match": before.etag } : {};
  const answer = await call(pathOf(id), { headers });
  const asset = answer.status === 304 ? before.asset : await answer.json();
  known.set(id, { etag: answer.headers.get("etag"), asset });
  const again = Number(answer.headers.get("retry-after"));
  return { asset, again: again || null };
}

export const findAsset = async (key) => (await call(`/assets/by-key/${keyed(key)}`)).json();
export const deleteAsset = (id) => call(pathOf(id), { method: "DELETE" });
export const retryAsset = (id, preset) => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(preset ? { preset } : {});
  return call(`${pathOf(id)}/retry`, { method: "POST", headers, body });
};
export const getSettings = async () => (await send(`${BASE}/gallery/settings.json`)).json();
