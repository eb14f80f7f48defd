// Makes all renditions of one source with sharp: `node render.mjs JOB`, where JOB is JSON with
// source (a path), outputs ({ name, width, height, fit, format, options }), placeholder and
// folder (null: nothing is written). Prints the peak of its memory in KB, as JSON.
// Each output is a pipeline of its own, so that each shrinks while it loads.

import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import sharp from "sharp";

const PLACEHOLDER_SIDE = 64;

const job = JSON.parse(process.argv[2]);
sharp.cache(false); // nothing is asked for twice
sharp.concurrency(availableParallelism());

const source = await readFile(job.source);

const open = () => sharp(source, { sequentialRead: true }).autoOrient();

async function render({ name, width, height, fit, format, options }) {
  const content = await open()
    .resize(width, height, { fit, position: sharp.strategy.attention })
    .toFormat(format, options)
    .toBuffer();
  if (job.folder) await writeFile(join(job.folder, name), content);
}

const work = job.outputs.map(render);
if (job.placeholder) {
  work.push(
    open().resize(PLACEHOLDER_SIDE, PLACEHOLDER_SIDE, { fit: "inside" }).ensureAlpha().raw().toBuffer(),
  );
}
await Promise.all(work);

const peak = /VmHWM:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"));
console.log(JSON.stringify({ peak_kb: Number(peak[1]) }));
