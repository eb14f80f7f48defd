// Build the gallery's page from lib/web into .build/web, zipped: modules and styles under names that
// hold a digest of their content, so that browsers may keep them for ever.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = join(ROOT, "lib/web");
const TARGET = join(ROOT, ".build/web");

const { metafile, outputFiles } = await build({
  entryPoints: { app: join(SOURCE, "app.js") },
  outdir: TARGET,
  absWorkingDir: ROOT,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "none", // their texts are in licences.txt
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  write: false,
});

const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
const icon = readFileSync(join(SOURCE, "icon.svg"));
const digest = createHash("sha256").update(icon).digest("hex").slice(0, 8);
files.set(`icon-${digest}.svg`, icon);

const [entry, { cssBundle }] = Object.entries(metafile.outputs).find(([, each]) => each.entryPoint);
const names = {
  "app.js": basename(entry),
  "app.css": basename(cssBundle),
  "icon.svg": `icon-${digest}.svg`,
};
const page = readFileSync(join(SOURCE, "index.html"), "utf8");
files.set("index.html", Buffer.from(page.replace(/@([a-z.]+)@/g, (_, name) => names[name])));

// Licences ask that their texts go where the code goes.
const PACKAGE = /^(?:.*\/)?(node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const packages = new Set(Object.keys(metafile.inputs).map((path) => PACKAGE.exec(path)?.[1]));
const licences = [...packages].filter(Boolean).sort().map((folder) => {
  const own = join(ROOT, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
  const texts = readdirSync(own).filter((each) => /^(licen[cs]e|copying|notice)/i.test(each));
  const told = texts.map((each) => readFileSync(join(own, each), "utf8").trim());
  return [`${name} ${version}: ${license}`, ...told].join("\n\n");
});
files.set("licences.txt", Buffer.from(licences.join(`\n\n${"-".repeat(72)}\n\n`)));

// Whoever packages at the same time finds each file whole.
mkdirSync(TARGET, { recursive: true });
let total = 0;
for (const [name, content] of files) {
  const zipped = gzipSync(content, { level: 9 });
  total += zipped.length;
  const written = join(TARGET, `${name}.${process.pid}`);
  writeFileSync(written, zipped);
  renameSync(written, join(TARGET, `${name}.gz`));
}
const isOld = (name) => name.endsWith(".gz") && !files.has(name.slice(0, -".gz".length));
for (const name of readdirSync(TARGET).filter(isOld)) rmSync(join(TARGET, name), { force: true });
console.log(`built the gallery's page: ${files.size} files, ${Math.round(total / 1000)} kB`);
