/** The JSON file that says which process is which, and what to do with processes that a killed supervisor left behind. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Name → process id. Written beside and renamed, so a reader never sees half a file. */
export function writePids(path: string, pids: Readonly<Record<string, number>>): void {
  const next = `${path}.${process.pid}.tmp`;
  writeFileSync(next, `${JSON.stringify(pids)}\n`);
  renameSync(next, path);
}

/** What the file says; nothing when it is missing or not of this form. */
export function readPids(path: string): Record<string, number> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, pid]) => Number.isSafeInteger(pid) && (pid as number) > 1)) as Record<string, number>;
  } catch {
    return {};
  }
}

export const removePids = (path: string): void => rmSync(path, { force: true });

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    // A zombie still takes signals: it has ended, only its parent has not looked. "pid (name) state …"
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return true;
  }
}

/** The arguments a running process was started with; undefined where the system does not tell (no /proc). */
function argumentsOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter((a) => a.length > 0);
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/**
 * Ends what an earlier supervisor of the same home left running, which would hold its ports and its database. A number
 * may have been given to another process since: only one that was started with exactly these arguments is ended.
 */
export async function endLeftovers(path: string, wanted: readonly { name: string; args: readonly string[] }[], graceMs: number, log: (line: string) => void): Promise<void> {
  const found = readPids(path);
  const supervisor = found["supervisor"];
  for (const { name } of wanted) {
    const pid = found[name];
    if (pid !== undefined && supervisor !== undefined && supervisor !== process.pid && isAlive(pid) && parentOf(pid) === supervisor) {
      throw new Error(`${path}: ${name} (pid ${pid}) is run by pid ${supervisor}; stop that one first`);
    }
  }
  for (const { name, args } of wanted) {
    const pid = found[name];
    if (pid === undefined || pid === process.pid || !isAlive(pid)) continue;
    const running = argumentsOf(pid);
    if (!running || args.length === 0 || running.slice(-args.length).join("\0") !== args.join("\0")) continue;
    log(`${name} of an earlier start is still running (pid ${pid}): ending it`);
    await endProcess(pid, graceMs);
  }
}

async function endProcess(pid: number, graceMs: number): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < graceMs; waited += 20) {
      if (!isAlive(pid)) return;
      await sleep(20);
    }
  }
}
