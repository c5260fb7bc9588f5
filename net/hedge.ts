/**
 * Asks several that could give the same answer: one at first, and the next beside it where one fails or keeps silent. So
 * one that accepts calls and never answers costs its head start and nothing more.
 */
import { type CallError, unavailable } from "./errors.js";

export interface Hedge {
  readonly signal: AbortSignal;
  /** how long one may be silent before the next is asked too, ms */
  readonly afterMs: number;
}

export interface Answer<T> {
  readonly value: T;
  /** index of who gave it */
  readonly by: number;
}

/** The first answer; whoever is still being asked is told to stop. Throws a CallError that lists what each said. */
export function hedged<T>(asks: readonly ((signal: AbortSignal) => Promise<T>)[], { signal, afterMs }: Hedge): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const said: string[] = [];
    let next = 0;
    let running = 0;
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const finish = (end: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      stop.abort();
      end();
    };
    const failed = (why: string): CallError => unavailable([...said, why].filter((s) => s !== "").join("; "));
    const onAbort = (): void => finish(() => reject(failed(`${running} of ${asks.length} did not answer in time`)));
    const start = (): void => {
      clearTimeout(timer);
      const by = next++;
      const ask = asks[by];
      if (over || !ask) return;
      running++;
      timer = setTimeout(start, afterMs);
      // an ask may throw before its first await
      (async () => ask(stop.signal))().then(
        (value) => finish(() => resolve({ value, by })),
        (e: Error) => {
          running--;
          said.push(e.message);
          if (next < asks.length) start();
          else if (running === 0) finish(() => reject(failed("")));
        },
      );
    };
    if (asks.length === 0) return void reject(unavailable("no endpoint to ask: none of the task's supervisors has joined"));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else start();
  });
}
