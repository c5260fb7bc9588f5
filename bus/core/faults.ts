/**
 * What a worker may do wrong in a task before it is cut off. The budget is the worker's, not its stream's: who attaches again
 * finds it as it was. It comes back one by one, so an honest worker with a broken disk is let in again by itself.
 */
import type { Timers } from "#platform/clock.js";

interface Spent {
  faults: number;
  at: number;
}
/** Entries that are kept: a hub has fewer seats, and one that is full again is as good as none. */
const MAX_KEPT = 4096;

export class FaultBudget {
  private readonly spent = new Map<string, Spent>();
  constructor(
    private readonly timers: Timers,
    private readonly limits: { readonly faults: number; readonly faultMs: number },
  ) {}

  /** Notes one fault; false when the budget is spent. */
  spend(worker: string): boolean {
    const s = this.now(worker) ?? { faults: 0, at: this.timers.now() };
    s.faults++;
    if (!this.spent.has(worker) && this.spent.size >= MAX_KEPT) this.spent.delete(this.spent.keys().next().value as string);
    this.spent.set(worker, s);
    return s.faults < this.limits.faults;
  }

  /** Whether a worker is still kept out. */
  isSpent(worker: string): boolean {
    return (this.now(worker)?.faults ?? 0) >= this.limits.faults;
  }

  private now(worker: string): Spent | undefined {
    const s = this.spent.get(worker);
    if (!s) return undefined;
    const back = Math.floor((this.timers.now() - s.at) / this.limits.faultMs);
    s.faults -= back;
    s.at += back * this.limits.faultMs;
    if (s.faults > 0) return s;
    this.spent.delete(worker);
    return undefined;
  }
}
