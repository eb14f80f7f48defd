// Set up what is missing, then run Python: `node lib/local/run.mjs -m MODULE ARGUMENTS`.
//
// Plain Node without packages, because nothing is installed when it runs first. Every step is
// skipped where its stamp says that it was done with the same inputs.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const NODE = [20, 19];
const PYTHON = [3, 11];
const PYTHONS = ["python3.13", "python3.14", "python3.12", "python3.11", "python3", "python"];
const UV = "lib/local/uv.txt";
const ENVIRONMENTS = [
  { folder: ".venv", locks: ["requirements.lock", UV] },
  { folder: ".local/emulator-venv", locks: ["lib/local/emulator.txt"] },
];
const PYTHON_STAMP = ".local/python.stamp";
const NODE_STAMP = "node_modules/setup.stamp";
const uv = join(ROOT, ".venv/bin/uv");
const lock = join(ROOT, ".local/setup.lock");

class SetupError extends Error {}

const read = (path) => (existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), "utf8") : "");
const say = (text) => process.stderr.write(`setup: ${text}\n`);
const digest = (...texts) => createHash("sha256").update(texts.join("\0")).digest("hex");
const older = (version, [major, minor]) =>
  version[0] < major || (version[0] === major && version[1] < minor);

/** Run a step to its end; show its output only where it fails. */
function run(command, args, hint = "") {
  const done = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1e8 });
  if (done.status === 0) return done.stdout;
  const output = done.error?.message ?? `${done.stdout}${done.stderr}`.trim();
  throw new SetupError([`${command} ${args.join(" ")} failed:`, output, hint].join("\n").trim());
}

/** The version a Python really runs as (a version manager's shim may exist and refuse), or null. */
function pythonVersion(command) {
  const print = "import sys; print(*sys.version_info[:2])";
  const tried = spawnSync(command, ["-I", "-c", print], { encoding: "utf8" });
  return tried.status === 0 ? tried.stdout.trim().split(" ").map(Number) : null;
}

/** Python 3.13, which is what AWS runs, or the newest from 3.11 on. */
function findPython() {
  for (const command of PYTHONS) {
    const version = pythonVersion(command);
    if (version && !older(version, PYTHON)) return { command, version: version.join(".") };
  }
  throw new SetupError("expected Python 3.11 or newer, best 3.13, but found none on PATH");
}

function createEnvironment(folder, python) {
  say(`Python ${python.version} environment in ${folder}`);
  const path = join(ROOT, folder);
  rmSync(path, { recursive: true, force: true });
  const hint = "On Debian and Ubuntu: apt install python3-venv";
  run(python.command, ["-m", "venv", path], hint);
}

function install(folder, locks) {
  say(`packages of ${locks[0]}`);
  const python = join(ROOT, folder, "bin/python");
  const pip = (...files) =>
    run(python, ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes",
      ...files.flatMap((file) => ["-r", file])]);
  if (!existsSync(uv)) pip(UV);
  const sync = ["pip", "sync", "-q", "--python", python, "--require-hashes", ...locks];
  // uv takes seconds where pip takes a minute, but does not read pip's configuration: a mirror, say.
  if (spawnSync(uv, sync, { cwd: ROOT }).status !== 0) pip(...locks);
}

/** The steps that are due, in order; none where everything is in place. */
function dueSteps() {
  const steps = [];
  const locks = digest(...ENVIRONMENTS.flatMap((each) => each.locks).map(read));
  const present = ({ folder }) => existsSync(join(ROOT, folder, "bin/python"));
  if (read(PYTHON_STAMP) !== locks || !ENVIRONMENTS.every(present)) {
    steps.push(() => {
      const python = findPython();
      for (const { folder, locks } of ENVIRONMENTS) {
        const current = pythonVersion(join(ROOT, folder, "bin/python"))?.join(".");
        if (current !== python.version) createEnvironment(folder, python);
        install(folder, locks);
      }
      writeFileSync(join(ROOT, PYTHON_STAMP), locks);
    });
  }
  const packages = digest(read("package-lock.json"));
  if (read(NODE_STAMP) !== packages) {
    steps.push(() => {
      say("packages of package-lock.json");
      run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
      writeFileSync(join(ROOT, NODE_STAMP), packages);
    });
  }
  return steps;
}

function holderIsAlive() {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

/** Let one process at a time set up; another waits, and then finds everything in place. */
async function setUp() {
  if (dueSteps().length === 0) return;
  mkdirSync(dirname(lock), { recursive: true });
  let waiting = false;
  for (;;) {
    try {
      writeFileSync(openSync(lock, "wx"), String(process.pid));
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!holderIsAlive()) rmSync(lock, { force: true });
    if (!waiting) say("waiting for the set-up that is under way");
    waiting = true;
    await sleep(200);
  }
  try {
    for (const step of dueSteps()) step();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function main() {
  if (process.platform === "win32") throw new SetupError("Windows: run this in WSL");
  const node = process.versions.node.split(".").map(Number);
  if (older(node, NODE))
    throw new SetupError(`expected Node ${NODE.join(".")} or newer but this is ${process.version}`);
  await setUp();
  const child = spawn(join(ROOT, ".venv/bin/python"), process.argv.slice(2), { stdio: "inherit" });
  // A terminal sends Ctrl-C to both; a `kill` reaches this process only.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
}

main().catch((error) => {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 2;
});
