/**
 * One thing that several could give: the first is asked alone, and the next beside it when it fails, keeps silent or is slower
 * than a link must be. Progress is counted in bytes. Who is slow is not forgotten: it goes on beside the next, and where
 * others need its place it is asked again when its turn comes, to go on where it stood.
 */
import { type CallError, unavailable } from "./errors.js";

export interface RaceOptions {
  readonly signal: AbortSignal;
  /** before anything must have come, ms */
  readonly headStartMs: number;
  /** that a source must then have kept up; less while several things are fetched over one link */
  readonly bytesPerMs: number | (() => number);
  /** those that are asked at one time: 1 where what each gave is everybody's, so that two would only send the same */
  readonly atOnce?: number;
}

/** asked at one time, where nothing else is said */
const AT_ONCE = 3;

export interface Lap {
  /** aborted when the race is over, or its place is another's */
  readonly signal: AbortSignal;
  /** So many bytes came. */
  got(bytes: number): void;
}

export interface Won<S, T> {
  readonly value: T;
  readonly by: S;
  /** those that were left behind */
  readonly slow: readonly S[];
}

export const HEAD_START_MS = 2_000;
/** 256 KiB/s: link_rate's default */
export const LINK_BYTES_PER_MS = 262.144;
const LOOK_MS = 50;

interface Runner<S> {
  readonly source: S;
  readonly since: number;
  readonly stop: AbortController;
  bytes: number;
}

/** The first answer; whoever is still being asked is told to stop. Throws a CallError that lists what each said. */
export function race<S, T>(sources: readonly S[], ask: (source: S, lap: Lap) => Promise<T>, { signal, headStartMs, bytesPerMs, atOnce = AT_ONCE }: RaceOptions): Promise<Won<S, T>> {
  return new Promise((resolve, reject) => {
    const waiting = [...sources];
    const running = new Set<Runner<S>>();
    const slow = new Set<S>();
    const said: string[] = [];
    let over = false;
    const finish = (end: () => void): void => {
      if (over) return;
      over = true;
      clearInterval(timer);
      signal.removeEventListener("abort", onAbort);
      for (const r of running) r.stop.abort();
      end();
    };
    const failed = (why: string): CallError => unavailable([...said, why].filter((s) => s !== "").join("; "));
    const onAbort = (): void => finish(() => reject(failed(`${running.size} of ${sources.length} did not answer in time`)));
    const start = (): void => {
      const source = waiting.shift() as S;
      const runner: Runner<S> = { source, since: performance.now(), stop: new AbortController(), bytes: 0 };
      running.add(runner);
      // an ask may throw before its first await
      (async () => ask(source, { signal: runner.stop.signal, got: (bytes) => (runner.bytes += bytes) }))().then(
        (value) => finish(() => resolve({ value, by: source, slow: [...slow].filter((s) => s !== source) })),
        (e: Error) => {
          if (!running.delete(runner) || over) return;
          said.push(e.message);
          if (waiting.length > 0) start();
          else if (running.size === 0) finish(() => reject(failed("")));
        },
      );
    };
    const rateNow = typeof bytesPerMs === "function" ? bytesPerMs : () => bytesPerMs;
    const behind = (r: Runner<S>, now: number): boolean => now - r.since > headStartMs + r.bytes / rateNow();
    const look = (): void => {
      const now = performance.now();
      if (waiting.length === 0 || [...running].some((r) => !behind(r, now))) return;
      for (const r of running) slow.add(r.source);
      if (running.size >= atOnce) {
        const rate = (r: Runner<S>): number => r.bytes / (now - r.since);
        const last = [...running].reduce((a, b) => (rate(b) < rate(a) ? b : a));
        running.delete(last);
        last.stop.abort();
        waiting.push(last.source);
      }
      start();
    };
    const timer = setInterval(look, Math.min(LOOK_MS, Math.max(1, headStartMs)));
    if (sources.length === 0) return void finish(() => reject(unavailable("no endpoint to ask: none of the task's supervisors has joined")));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else start();
  });
}
