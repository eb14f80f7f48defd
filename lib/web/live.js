// What becomes of assets, without a reload: each is asked for as often as the API says it is worth.

import { Problem, getAsset } from "./api.js";

const HIDDEN = 8; // times longer between two questions where nobody looks
const LONGEST = 60; // s, however often the API could not be reached

const watched = new Map(); // by the asset's id

/** Call `told` with an asset whenever it was asked for, until it ends; with null where it is gone. */
export function watch(id, told) {
  const entry = watched.get(id) ?? { told: new Set(), timer: 0, failures: 0 };
  entry.told.add(told);
  if (!watched.has(id)) {
    watched.set(id, entry);
    ask(id, entry);
  }
  return () => {
    entry.told.delete(told);
    if (entry.told.size) return;
    clearTimeout(entry.timer);
    if (watched.get(id) === entry) watched.delete(id);
  };
}

async function ask(id, entry) {
  let seconds;
  try {
    const { asset, again } = await getAsset(id);
    if (watched.get(id) !== entry) return;
    entry.failures = 0;
    seconds = again;
    if (seconds === null) watched.delete(id);
    for (const told of [...entry.told]) told(asset);
  } catch (error) {
    if (error instanceof Problem && [403, 404, 410].includes(error.status)) {
      watched.delete(id);
      for (const told of [...entry.told]) told(null);
      return;
    }
    entry.failures += 1;
    seconds = Math.min(LONGEST, 2 ** entry.failures);
  }
  if (seconds !== null) plan(id, entry, seconds);
}

function plan(id, entry, seconds) {
  const factor = document.hidden ? HIDDEN : 1;
  entry.timer = setTimeout(() => ask(id, entry), 1000 * seconds * factor);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const [id, entry] of watched) {
    clearTimeout(entry.timer);
    ask(id, entry);
  }
});

/** Do something every so many seconds while somebody looks, and when they look again. */
export function repeat(seconds, what) {
  const look = () => document.hidden || what();
  setInterval(look, 1000 * seconds);
  document.addEventListener("visibilitychange", look);
}
