// A lock file that names its holder, so that one whose holder was killed can be told from one that
// is held: by process id and start time, because ids are used again.

import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL = 200; // ms
const SETTLE = 300; // ms, in which another that took the lock over at the same moment shows

const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
};

/** Say when a process started, in whatever unit the system tells it; "" where there is none. */
function startOf(pid) {
  // proc(5): "pid (name) state ppid …", the 22nd field is the start; names may hold brackets. A
  // zombie has ended; where nobody waits for it, in a container say, it stays for ever.
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat && stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields) return fields[0] === "Z" ? "" : fields[19];
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" }; // the same text for everybody
  const shown = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env });
  return shown.status === 0 ? shown.stdout.trim() : "";
}

const nameOf = (pid) => `${pid} ${(read("/proc/sys/kernel/random/boot_id") ?? "").trim()} ${startOf(pid)}`;

const isHeld = (holder) => {
  const pid = Number.parseInt(holder, 10);
  return pid > 0 && startOf(pid) !== "" && nameOf(pid) === holder;
};

/** Wait for the lock and hold it; call `onWait` once if another process has it. */
export async function takeLock(path, onWait) {
  const mine = nameOf(process.pid);
  const written = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = false; ; waited = true) {
    // Written first and then given its name: nobody sees a lock that names nobody yet.
    writeFileSync(written, mine);
    try {
      linkSync(written, path);
      return;
    } catch (error) {
      const holder = read(path);
      const hasLeft = error.code === "EEXIST" && holder === null;
      // One that is not held is taken over. So is none, where a disk has no hard links.
      if (!hasLeft && !isHeld(holder ?? "")) {
        renameSync(written, path);
        await sleep(SETTLE);
        if (read(path) === mine) return;
      }
    } finally {
      rmSync(written, { force: true });
    }
    if (!waited) onWait();
    await sleep(POLL);
  }
}

/** Let the next one have the lock. */
export function giveLockBack(path) {
  rmSync(path, { force: true });
}
