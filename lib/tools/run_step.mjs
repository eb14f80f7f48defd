// Run one step of the set-up: a program that never outlives this process, with its progress shown.

import { spawn } from "node:child_process";

// The program runs in a process group of its own. A watcher in it reads from a pipe that only the
// parent writes to: when the parent ends, by whatever cause, the pipe closes, and the group ends.
const LIFELINE = `
"$@" 3<&- & step=$!
{ read -r _ <&3; kill -s KILL 0; } & watcher=$!
wait $step; status=$?
kill $watcher
exit $status`;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const TICK = 1000; // ms

/** The user, or the system, ended the set-up. */
export class Stopped extends Error {
  constructor(signal) {
    super(`stopped by ${signal}; run the same command again to go on`);
    this.signal = signal;
  }
}

/** Run a program to its end: {status, output}. Rejects with Stopped where a signal came first. */
export function runStep(command, args, { cwd, title = "" }) {
  const child = spawn("sh", ["-c", LIFELINE, "sh", command, ...args], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  const finish = title ? showProgress(title) : () => {};
  return new Promise((resolve, reject) => {
    let stopped = null;
    const stop = (signal) => {
      stopped ??= new Stopped(signal);
      process.kill(-child.pid, "SIGKILL");
    };
    for (const signal of SIGNALS) process.on(signal, stop);
    const end = (settle) => {
      for (const signal of SIGNALS) process.off(signal, stop);
      finish();
      settle();
    };
    child.on("error", (error) => end(() => reject(error)));
    child.on("close", (code, signal) =>
      end(() => {
        if (stopped) reject(stopped);
        else resolve({ status: signal ? 128 : code, output: output.trim() });
      }),
    );
  });
}

/** Say what is under way, and for how long where somebody looks; return what ends that. */
function showProgress(title) {
  const { stderr } = process;
  const line = `setup: ${title}`;
  if (!stderr.isTTY) {
    stderr.write(`${line}\n`);
    return () => {};
  }
  const started = Date.now();
  const show = (end = "") =>
    stderr.write(`\r${line}  ${Math.round((Date.now() - started) / 1000)} s${end}`);
  const ticking = setInterval(show, TICK);
  show();
  return () => {
    clearInterval(ticking);
    show("\n");
  };
}
