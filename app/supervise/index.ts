/**
 * Several processes as one unit: started in order, each restarted with growing delays when it dies, stopped in reverse.
 *
 * CometBFT exits when its application goes away, and an application that comes back alone has no engine: so a process
 * names in `dependsOn` those whose death takes it along, and all of them start again in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { endLeftovers, removePids, writePids } from "./pid-file.js";

export { isAlive, readPids } from "./pid-file.js";

export interface ProcessSpec {
  /** key in the pid file: node, engine, verifier (`supervisor` is the supervising process itself) */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Asked every 50 ms until it answers true; the next process starts after it. A throw counts as false. */
  readyWhen?: () => boolean | Promise<boolean>;
  /** Names started earlier; when one of them dies this process is stopped and started again after it. */
  dependsOn?: string[];
  /** File that output is appended to; the supervisor's own output when not given. */
  logFile?: string;
  /** Exit codes after which a restart cannot help, as for a wrong configuration: the whole unit stops. */
  fatalExitCodes?: number[];
}

export interface SuperviseOptions {
  log: (line: string) => void;
  pidFile: string;
  /** After every start and every end, with the processes that run now. */
  onChange?: (pids: Readonly<Record<string, number>>) => void;
  /** SIGTERM to SIGKILL; 10 s */
  graceMs?: number;
  /** First delay before a restart, doubled each time to the last one; back to the first after `stableMs` of running. */
  backoff?: { firstMs: number; lastMs: number; stableMs: number };
}

export interface Supervisor {
  pids(): Readonly<Record<string, number>>;
  /** How often each process was started. */
  starts(): Readonly<Record<string, number>>;
  /** All processes were ready once. Rejects when the unit stopped before that. */
  readonly ready: Promise<void>;
  /** Resolves when nothing runs any more: after stop() without a reason, otherwise with the fatal one. */
  readonly finished: Promise<{ name: string; reason: string } | undefined>;
  stop(): Promise<void>;
}

interface Member {
  readonly spec: ProcessSpec;
  child: ChildProcess | undefined;
  ended: Promise<void>;
  startedAt: number;
  delay: number;
  starts: number;
  /** being ended on purpose: its exit is no failure of its own */
  ending: boolean;
  /** its last end was its own: the next start waits */
  failed: boolean;
}

export async function superviseProcesses(specs: readonly ProcessSpec[], options: SuperviseOptions): Promise<Supervisor> {
  const { log, pidFile, onChange, graceMs = 10_000, backoff = { firstMs: 200, lastMs: 10_000, stableMs: 15_000 } } = options;
  const names = specs.map((s) => s.name);
  specs.forEach(({ name, dependsOn = [] }, i) => {
    if (name === "supervisor") throw new Error("a process cannot be named supervisor: the pid file has that name already");
    if (names.indexOf(name) !== i) throw new Error(`process ${name} is named twice`);
    for (const other of dependsOn) {
      if (!names.slice(0, i).includes(other)) throw new Error(`process ${name} depends on ${other}, which is not started before it`);
    }
  });
  await endLeftovers(pidFile, specs, graceMs, log);

  const members: Member[] = specs.map((spec) => ({ spec, child: undefined, ended: Promise.resolve(), startedAt: 0, delay: backoff.firstMs, starts: 0, ending: false, failed: false }));
  let stopping = false;
  let fatal: { name: string; reason: string } | undefined;
  let wake: () => void = () => {};
  let becameReady: () => void = () => {};
  let neverReady: (error: Error) => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    becameReady = resolve;
    neverReady = reject;
  });
  ready.catch(() => {}); // whoever waits for it sees it; nobody has to

  const pids = () => Object.fromEntries(members.flatMap((m) => (m.child?.pid === undefined ? [] : [[m.spec.name, m.child.pid]])));
  const changed = () => {
    writePids(pidFile, { supervisor: process.pid, ...pids() });
    onChange?.(pids());
    wake();
  };
  /** Sleeps, but no longer than until something starts, ends or is asked to stop. */
  const rest = (ms?: number) =>
    new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  function start(m: Member): void {
    const { spec } = m;
    const out = spec.logFile ? openSync(spec.logFile, "a", 0o600) : undefined;
    const child = spawn(spec.command, spec.args, {
      env: spec.env ?? process.env,
      cwd: spec.cwd,
      stdio: ["ignore", out ?? "inherit", out ?? "inherit"],
      detached: true, // Ctrl-C reaches the supervisor alone, which then stops them in order
    });
    if (out !== undefined) closeSync(out);
    m.child = child;
    m.ending = false;
    m.startedAt = performance.now();
    m.starts++;
    m.ended = new Promise((resolve) => {
      const end = (how: string, code: number | null) => {
        if (m.child !== child) return;
        m.child = undefined;
        const ran = performance.now() - m.startedAt;
        if (ran >= backoff.stableMs) m.delay = backoff.firstMs;
        m.failed = !m.ending;
        if (m.failed && !stopping) {
          if (code !== null && spec.fatalExitCodes?.includes(code)) fatal ??= { name: spec.name, reason: `${spec.name} ${how}` };
          else log(`${spec.name} ${how} after ${(ran / 1000).toFixed(1)} s: starting it again in ${m.delay} ms`);
        }
        resolve();
        changed();
      };
      child.once("exit", (code, signal) => end(signal ? `was ended by ${signal}` : `exited with code ${code}`, code));
      child.once("error", (error) => {
        // The command itself is missing or not executable: starting it again cannot help.
        if (child.pid === undefined) {
          fatal ??= { name: spec.name, reason: `${spec.name} cannot be started: ${error.message}` };
          end("cannot be started", null);
        }
      });
    });
    changed();
  }

  async function end(m: Member): Promise<void> {
    const { child } = m;
    if (!child) return;
    m.ending = true;
    child.kill("SIGTERM");
    const timer = setTimeout(() => {
      log(`${m.spec.name} did not end within ${graceMs} ms of SIGTERM: SIGKILL`);
      child.kill("SIGKILL");
    }, graceMs);
    await m.ended;
    clearTimeout(timer);
  }

  /** Starts a member and waits until it is ready; false when something ended meanwhile. */
  async function bringUp(m: Member, index: number): Promise<boolean> {
    if (m.failed) {
      const until = performance.now() + m.delay;
      while (!stopping && performance.now() < until) await rest(until - performance.now());
      m.delay = Math.min(m.delay * 2, backoff.lastMs);
    }
    if (stopping) return false;
    start(m);
    const { readyWhen } = m.spec;
    while (readyWhen && m.child && !stopping && !fatal) {
      if (await Promise.resolve().then(readyWhen).catch(() => false)) break;
      if (members.slice(0, index).some((other) => !other.child)) return false;
      await rest(50);
    }
    return m.child !== undefined;
  }

  async function run(): Promise<void> {
    while (!stopping && !fatal) {
      // Who lost something it depends on is ended first, the last one before the others.
      const lost = new Set<string>();
      for (const m of members) {
        if (!m.child || m.spec.dependsOn?.some((name) => lost.has(name))) lost.add(m.spec.name);
      }
      for (const m of [...members].reverse()) {
        if (lost.has(m.spec.name) && m.child) {
          log(`${m.spec.name} is stopped because ${(m.spec.dependsOn ?? []).filter((n) => lost.has(n)).join(" and ")} ended`);
          await end(m);
        }
      }
      let whole = true;
      for (const [i, m] of members.entries()) {
        if (m.child || stopping || fatal) continue;
        if (m.spec.dependsOn?.some((name) => !members.find((o) => o.spec.name === name)?.child)) whole = false;
        else if (!(await bringUp(m, i))) {
          whole = false;
          break;
        }
      }
      if (!whole || members.some((m) => !m.child)) continue;
      becameReady();
      if (!stopping && !fatal) await rest();
    }
    for (const m of [...members].reverse()) await end(m);
    removePids(pidFile);
    neverReady(new Error(fatal?.reason ?? "stopped before all processes were ready"));
    if (fatal) log(`${fatal.reason}: all processes are stopped`);
  }

  const atExit = () => {
    for (const m of members) m.child?.kill("SIGKILL"); // the supervisor ends without stop(): nothing stays behind
  };
  process.once("exit", atExit);
  const finished = run().then(() => {
    process.off("exit", atExit);
    return fatal;
  });
  return {
    pids,
    starts: () => Object.fromEntries(members.map((m) => [m.spec.name, m.starts])),
    ready,
    finished,
    async stop() {
      stopping = true;
      wake();
      await finished;
    },
  };
}
