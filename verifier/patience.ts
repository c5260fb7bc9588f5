/**
 * How long a job waits for others before their silence becomes a verdict. Only waiting that ended in nothing counts, on a
 * clock that nobody sets: not what was served, not the queue for the re-run, not the time in which this process stood still.
 */
import { CallError, unavailable } from "#net/index.js";
import { type Stalls } from "./stalls.js";
import { Unserved } from "./unserved.js";

export interface Attempt {
  readonly signal: AbortSignal;
  /** Something useful arrived: what was waited so far is not counted. */
  progress(): void;
  /** Waits for a turn, which is nobody's silence. */
  pause<T>(turn: () => Promise<T>): Promise<T>;
}

export type Tried<T> = { readonly value: T; readonly error?: undefined } | { readonly error: CallError | Unserved };

export interface PatienceOptions {
  readonly signal: AbortSignal;
  readonly stalls: Pick<Stalls, "total">;
  /** between two attempts, ms */
  readonly retryMs?: number;
  /** the longest that one attempt may stand without progress, ms */
  readonly attemptMs?: number;
}

const RETRY_MS = 1_000;
/** Relays give a miner 15 s. */
const ATTEMPT_MS = 16_000;
/** An attempt that was told to stop has this long to say what it had, ms. */
const HEED_MS = 500;
/** Fresh attempts after the time is over, each because this process stood still during the one before. */
const FRESH = 5;
/** Part of the whole time that the next to be waited for has, however much others used up. */
const LEAST_PART = 4;

/** This process could not listen long enough to accuse anybody; the node asks again. */
export class HeldUp extends Error {
  override readonly name = "HeldUp";
}

export class Patience {
  #left: number;

  constructor(
    private readonly budgetMs: number,
    private readonly options: PatienceOptions,
  ) {
    this.#left = budgetMs;
  }

  /** Another's turn to be waited for: it does not pay for what those before it used up. */
  renew(): void {
    this.#left = Math.max(this.#left, this.budgetMs / LEAST_PART);
  }

  /** The same time for one of several who are waited for at once. */
  fork(signal: AbortSignal): Patience {
    return new Patience(this.#left, { ...this.options, signal: AbortSignal.any([this.options.signal, signal]) });
  }

  /** Tries until it works or the time is over; answers the last error then. Errors that are not the doing of others are thrown. */
  async until<T>(attempt: (a: Attempt) => Promise<T>): Promise<Tried<T>> {
    for (let fresh = FRESH; ; ) {
      const tried = await this.#try(attempt);
      if (!tried.error) return tried;
      if (this.#left <= this.#retryMs) {
        if (!tried.stalled) return { error: tried.error };
        if (fresh-- === 0) throw new HeldUp(`this verifier stood still during every attempt, the last: ${tried.error.message}; give it more of the machine`);
        this.renew();
      }
      this.#left -= this.#retryMs;
      await new Promise((resolve) => setTimeout(resolve, this.#retryMs));
    }
  }

  get #retryMs(): number {
    return this.options.retryMs ?? RETRY_MS;
  }

  async #try<T>(attempt: (a: Attempt) => Promise<T>): Promise<Tried<T> & { readonly stalled: boolean }> {
    const { signal, stalls, attemptMs = ATTEMPT_MS } = this.options;
    signal.throwIfAborted();
    const stop = new AbortController();
    const atFirst = stalls.total();
    let timer: NodeJS.Timeout | undefined;
    let last: NodeJS.Timeout | undefined;
    // what does not even heed the signal is left behind
    const deaf = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => (last = setTimeout(() => reject(unavailable("no answer in time")), HEED_MS)));
    });
    let [since, stalledBefore] = [0, 0];
    const progress = (): void => {
      clearTimeout(timer);
      [since, stalledBefore] = [performance.now(), stalls.total()];
      timer = setTimeout(() => stop.abort(), Math.max(this.#retryMs, Math.min(this.#left, attemptMs)));
    };
    const pause = async <R>(turn: () => Promise<R>): Promise<R> => {
      clearTimeout(timer);
      try {
        return await turn();
      } finally {
        progress();
      }
    };
    progress();
    try {
      const going = attempt({ signal: AbortSignal.any([signal, stop.signal]), progress, pause });
      return { value: await Promise.race([going, deaf]), stalled: false };
    } catch (e) {
      signal.throwIfAborted();
      if (!(e instanceof Unserved) && !(e instanceof CallError)) throw e;
      const now = stalls.total();
      this.#left -= Math.max(0, performance.now() - since - (now - stalledBefore));
      return { error: e, stalled: now > atFirst };
    } finally {
      clearTimeout(timer);
      clearTimeout(last);
    }
  }
}
