// Decodes images with sharp: `node shown.mjs FOLDER PEER`, where FOLDER has names.json. Writes N.raw
// (RGBA) and N.json (width, height, frames) of each, unless sharp refuses it.
// PEER is the folder in which sharp is installed.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const [folder, peer] = process.argv.slice(2);
const sharp = createRequire(join(peer, "package.json"))("sharp");

for (const [index, name] of JSON.parse(await readFile(join(folder, "names.json"), "utf8")).entries()) {
  try {
    const image = sharp(await readFile(name), { animated: true }).autoOrient();
    const { pages = 1 } = await sharp(await readFile(name), { animated: true }).metadata();
    const { data, info } = await image.toColourspace("srgb").ensureAlpha().raw()
      .toBuffer({ resolveWithObject: true });
    const size = { width: info.width, height: info.height / pages, frames: pages };
    await writeFile(join(folder, `${index}.raw`), data);
    await writeFile(join(folder, `${index}.json`), JSON.stringify(size));
  } catch {
    // refused: no file says so
  }
}
