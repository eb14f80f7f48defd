// Set up what is missing, then run Python: `node lib/tools/run.mjs -m MODULE ARGUMENTS`.
//
// Plain Node without packages, because nothing is installed when it runs first.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError, isDue, older, setUp } from "./setup.mjs";
import { Stopped } from "./run_step.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const NODE = [20, 19];
// Options of ours that npm takes for its own where `--` is forgotten, and puts here.
const OURS = ["keep", "stop", "port", "stage", "watch", "preset", "status", "limit", "html", "out",
  "seed", "seconds"];
const SUMMARIES = {
  "lib.cli.demo": `npm run demo [-- FILES… | --keep | --stop | --port N]
The whole pipeline on this machine: starts an AWS emulator, deploys to it, uploads FILES or the samples.`,
  "lib.cli": `npm run -s media -- upload | ls | show | rm | render …
Uploads media to a stage and shows what became of it, or renders it right here.`,
  "lib.tools.sls": `npm run -s sls -- COMMAND --stage STAGE …
The Serverless Framework's \`sls\`, with the emulator in place of AWS where the stage is local.`,
  "lib.tools.checks": `npm test [-- PYTEST ARGUMENTS]
Every check, then every test.`,
  "tests.bench": `npm run bench -- BENCH [--json]
Measures, and prints every number beside its target.`,
  "tests.robustness.chaos": `npm run chaos -- --stage local [--seed X] [--json]
Breaks things by a seed, and tells whether each upload ended in its one true state.`,
  "tests.bench.pictures": `npm run pictures [-- NAMES…]
Makes the documents' pictures anew.`,
};

function refuseWhatNpmTook() {
  const taken = OURS.find((name) => process.env[`npm_config_${name}`]);
  if (!taken) return;
  const script = process.env.npm_lifecycle_event ?? "demo";
  throw new SetupError(
    `npm took --${taken} for itself: put -- before it, as in npm run ${script} -- --${taken}`,
  );
}

/** Help where nothing is installed yet, without installing anything for it. */
function helpWithoutSetUp(args) {
  const summary = SUMMARIES[args[1]];
  if (!summary || !args.some((each) => each === "-h" || each === "--help") || !isDue(ROOT))
    return false;
  process.stdout.write(`${summary}\n\nThe first run installs what is missing into this folder `
    + "(.venv, .local, node_modules), in about a minute; -h says more then.\n");
  return true;
}

async function main() {
  const args = process.argv.slice(2);
  if (process.platform === "win32") throw new SetupError("Windows: run this in WSL");
  const node = process.versions.node.split(".").map(Number);
  if (older(node, NODE))
    throw new SetupError(`expected Node ${NODE.join(".")} or newer but this is ${process.version}`);
  refuseWhatNpmTook();
  if (helpWithoutSetUp(args)) return;
  await setUp(ROOT);
  const child = spawn(join(ROOT, ".venv/bin/python"), args, { stdio: "inherit" });
  // A terminal sends Ctrl-C to both; a `kill` reaches this process only.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
}

main().catch((error) => {
  // A SystemError of Node's has a code: a read-only folder, say, or a full disk.
  if (!(error instanceof SetupError || error instanceof Stopped || error.code)) throw error;
  process.stderr.write(`setup: ${error.code ? `${ROOT}: ${error.message}` : error.message}\n`);
  process.exitCode = error.signal ? 128 + constants.signals[error.signal] : 2;
});
