// Install what is missing into this folder: two Python environments and the npm packages.
//
// Each part has a stamp inside of it, a digest of what went into it, which is taken away before
// anything changes and written last. So a part whose set-up was ended at any moment has none, and is
// made anew; the caches of pip, uv and npm make that quick.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { giveLockBack, takeLock } from "./setup_lock.mjs";
import { runStep } from "./run_step.mjs";

export class SetupError extends Error {}

const PYTHON = [3, 11];
const PYTHONS = ["python3.13", "python3.14", "python3.12", "python3.11", "python3", "python"];
const UV = "lib/tools/uv.txt";
const ENVIRONMENTS = [
  { folder: ".venv", locks: ["requirements.lock", UV], size: "about 130 MB" },
  { folder: ".local/emulator-venv", locks: ["lib/tools/emulator.txt"], size: "about 20 MB" },
];
const STAMP = "setup.stamp";
const LOCK = ".local/setup.lock";
// What pip, uv and npm say where they reach no registry. Without a network, pip ends with "none".
const UNREACHABLE =
  /from versions: none|name resolution|resolve host|getaddrinfo|connection (refused|reset|broken)|failed to establish|network is unreachable|timed? ?out|proxy ?error|E(AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|NETUNREACH)/i;

export const older = (version, [major, minor]) =>
  version[0] < major || (version[0] === major && version[1] < minor);

const say = (text) => process.stderr.write(`setup: ${text}\n`);
const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");

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

class Setup {
  constructor(root) {
    this.root = root;
    this.uv = join(root, ".venv/bin/uv");
  }

  /** The steps that are due, in order; none where everything is in place. */
  dueSteps() {
    const environments = ENVIRONMENTS.filter((each) => !this.isInPlace(each.folder, each.locks));
    const steps = environments.map((each) => () => this.setUpEnvironment(each));
    if (!this.isInPlace("node_modules", ["package-lock.json"]))
      steps.push(() => this.installPackages());
    return steps;
  }

  stampOf(folder, locks) {
    const texts = locks.map((name) => this.text(name));
    const digest = createHash("sha256").update(texts.join("\0")).digest("hex");
    return `${realpathSync(join(this.root, folder))}\n${digest}\n`;
  }

  /** Tell whether an environment was finished, and here: its scripts begin with its path. */
  isFinished(folder) {
    const stamp = this.text(join(folder, STAMP));
    return stamp !== "" && stamp.startsWith(`${realpathSync(join(this.root, folder))}\n`);
  }

  text(name) {
    return read(join(this.root, name));
  }

  isInPlace(folder, locks) {
    const runs = folder === "node_modules" || existsSync(join(this.root, folder, "bin/python"));
    const stamp = this.text(join(folder, STAMP));
    return runs && stamp !== "" && stamp === this.stampOf(folder, locks);
  }

  async setUpEnvironment({ folder, locks, size }) {
    const path = join(this.root, folder);
    const { python } = this;
    const current = this.isFinished(folder) && pythonVersion(join(path, "bin/python"))?.join(".");
    rmSync(join(path, STAMP), { force: true });
    if (current !== python.version) {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      await this.run(`Python ${python.version} environment in ${folder}`, python.command,
        ["-m", "venv", path], "On Debian and Ubuntu: apt install python3-venv");
    }
    await this.install(path, locks, size);
    writeFileSync(join(path, STAMP), this.stampOf(folder, locks));
  }

  async install(path, locks, size) {
    const python = join(path, "bin/python");
    const title = `packages of ${locks[0]} (${size} to fetch, if no cache has them)`;
    const pip = (shown, ...files) =>
      this.run(shown, python, ["-m", "pip", "install", "-q", "--disable-pip-version-check",
        "--retries=2", "--require-hashes", ...files.flatMap((file) => ["-r", file])]);
    if (!existsSync(this.uv)) await pip("package uv, which installs the rest", UV);
    const sync = ["pip", "sync", "-q", "--python", python, "--require-hashes", ...locks];
    // uv takes seconds where pip takes a minute, but does not read pip's configuration: a mirror, say.
    const { status } = await runStep(this.uv, sync, { cwd: this.root, title });
    if (status !== 0) await pip(`packages of ${locks[0]} again, by pip: a minute more`, ...locks);
  }

  async installPackages() {
    rmSync(join(this.root, "node_modules", STAMP), { force: true });
    // Nothing that a package brings runs at install; osls needs none of it.
    await this.run("packages of package-lock.json (about 70 MB to fetch, if no cache has them)",
      "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    const stamp = this.stampOf("node_modules", ["package-lock.json"]);
    writeFileSync(join(this.root, "node_modules", STAMP), stamp);
  }

  /** Run a step to its end; show its output only where it fails. */
  async run(title, command, args, hint = "") {
    const { status, output } = await runStep(command, args, { cwd: this.root, title });
    if (status === 0) return;
    if (UNREACHABLE.test(output)) throw new SetupError(describeOffline(title, command, output));
    throw new SetupError([`${command} ${args.join(" ")} failed:`, output, hint].join("\n").trim());
  }
}

function describeOffline(title, command, output) {
  const registry = command === "npm" ? "npm's registry" : "PyPI";
  const lines = output.split("\n").map((line) => line.trim());
  const said = lines.find((line) => /^(ERROR|npm error)/i.test(line)) ?? lines.at(-1);
  return (
    `can't reach ${registry}, or the mirror in its place, for the ${title.split(/[,(]| again/)[0].trim()}. ` +
    `What is installed is kept: run the same command again when you are online.\n  ${said}`
  );
}

/** Tell whether anything is missing below a folder. */
export const isDue = (root) => new Setup(root).dueSteps().length > 0;

/** Let one process at a time set up; another waits, and then finds everything in place. */
export async function setUp(root) {
  if (!isDue(root)) return;
  const lock = join(root, LOCK);
  await takeLock(lock, () => say("waiting for the set-up that is under way"));
  try {
    const setup = new Setup(root);
    const steps = setup.dueSteps();
    if (steps.length === 0) return;
    setup.python = findPython();
    say("installing into this folder what is missing: once, and about a minute on a fast line");
    for (const step of steps) await step();
  } finally {
    giveLockBack(lock);
  }
}
