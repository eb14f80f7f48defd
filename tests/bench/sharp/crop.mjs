// Tells where libvips crops: `node crop.mjs`, with [[path, width, height], …] as JSON on its
// standard input. Prints [[left, top], …] for each strategy, as one JSON object.

import { readFileSync } from "node:fs";
import sharp from "sharp";

const jobs = JSON.parse(readFileSync(0));
const found = {};
for (const strategy of ["attention", "entropy"]) {
  found[strategy] = [];
  for (const [path, width, height] of jobs) {
    const look = { fit: "cover", position: sharp.strategy[strategy] };
    const { info } = await sharp(path).resize(width, height, look).toBuffer({ resolveWithObject: true });
    found[strategy].push([-(info.cropOffsetLeft ?? 0), -(info.cropOffsetTop ?? 0)]);
  }
}
console.log(JSON.stringify(found));
