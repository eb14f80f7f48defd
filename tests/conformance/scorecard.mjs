// Makes the scorecard's renditions with sharp: `node scorecard.mjs FOLDER PEER`, where FOLDER has
// jobs.json (one job a row, null for none) and N.source; N.made is written unless sharp refuses.
// PEER is the folder in which sharp is installed.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const [folder, peer] = process.argv.slice(2);
const sharp = createRequire(join(peer, "package.json"))("sharp");
const jobs = JSON.parse(await readFile(join(folder, "jobs.json"), "utf8"));

function render(source, { format, quality, resize, animated = false, flatten, mark, lossless }) {
  let image = sharp(source, { animated }).autoOrient();
  image = image.resize({ width: 640, withoutEnlargement: true, ...resize });
  if (flatten) image = image.flatten({ background: flatten });
  if (mark) image = image.composite([{ input: join(folder, "mark"), gravity: mark }]);
  const options = lossless ? { lossless } : { quality };
  return image.toColourspace("srgb").toFormat(format, options).toBuffer();
}

for (const [index, job] of jobs.entries()) {
  if (!job) continue;
  try {
    const made = await render(await readFile(join(folder, `${index}.source`)), job);
    await writeFile(join(folder, `${index}.made`), made);
  } catch {
    // refused: no file says so
  }
}
