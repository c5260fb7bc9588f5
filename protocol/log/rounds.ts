/**
 * A(height), the lowest anchored round of the open slots, at the blocks that were seen: as runs of equal values, since it
 * changes once in some blocks. Every reader judges run_ahead by it, so a restarted one must know what it knew before.
 */
export interface RoundRun {
  readonly from: bigint;
  readonly to: bigint;
  readonly lowest: bigint;
}

/** A at one block. */
export interface SeenRound {
  readonly height: bigint;
  readonly lowest: bigint;
}

/** Runs that are kept; older ones are of blocks that no new header names. */
const KEPT = 20_000;

export class RoundHistory {
  #runs: RoundRun[];

  constructor(runs: readonly RoundRun[] = []) {
    this.#runs = runs.slice(-KEPT);
  }

  /** The run that the block belongs to now, to be kept in place of one that begins at the same height; undefined where it is no news. */
  note(height: bigint, lowest: bigint): RoundRun | undefined {
    if (this.lowestRound(height) !== undefined) return undefined;
    const last = this.#runs.at(-1);
    if (last && height === last.to + 1n && lowest === last.lowest) {
      const run = { ...last, to: height };
      this.#runs[this.#runs.length - 1] = run;
      return run;
    }
    const run = { from: height, to: height, lowest };
    if (!last || height > last.to) this.#runs.push(run);
    else this.#runs = [...this.#runs, run].sort((a, b) => (a.from < b.from ? -1 : 1));
    if (this.#runs.length > KEPT) this.#runs.shift();
    return run;
  }

  /** A(height), or undefined where that block was not seen. */
  lowestRound(height: bigint): bigint | undefined {
    const run = this.#before(height);
    return run && height <= run.to ? run.lowest : undefined;
  }

  /** The newest block up to this one that was seen. */
  newest(upTo: bigint): SeenRound | undefined {
    const run = this.#before(upTo);
    return run && { height: run.to < upTo ? run.to : upTo, lowest: run.lowest };
  }

  /** The last run that begins at a block or before it. */
  #before(height: bigint): RoundRun | undefined {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle] as RoundRun).from <= height) low = middle + 1;
      else high = middle;
    }
    return this.#runs[low - 1];
  }

  get runs(): readonly RoundRun[] {
    return this.#runs;
  }
}
