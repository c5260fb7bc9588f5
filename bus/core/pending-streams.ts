/**
 * Streams that have not said who they are. They live for a moment, and one address has few of them: beyond that its
 * oldest goes, so that whoever opens many shuts out nobody but itself.
 */
import type { Counters } from "#net/counters.js";
import { type CallError, exhausted, late } from "#net/errors.js";
import type { Timers } from "#platform/clock.js";

export interface PendingLimits {
  readonly perAddress: number;
  readonly total: number;
  readonly lifetimeMs: number;
}
interface Pending {
  readonly address: string;
  readonly cancel: () => void;
  drop(why: CallError): void;
}

export class PendingStreams {
  /** oldest first */
  private readonly all = new Set<Pending>();
  constructor(
    private readonly timers: Timers,
    private readonly limits: PendingLimits,
    private readonly counters: Counters,
  ) {}

  get size(): number {
    return this.all.size;
  }

  /** Counts a stream until the function that is returned is called, or until `drop` is. */
  add(address: string, drop: (why: CallError) => void): () => void {
    const { perAddress, total, lifetimeMs } = this.limits;
    const over = (): void => {
      p.cancel();
      this.all.delete(p);
    };
    const p: Pending = {
      address,
      cancel: this.timers.after(lifetimeMs, () => {
        this.counters.count("attach-late", address);
        p.drop(late(`no Attach in ${lifetimeMs} ms`));
      }),
      drop: (why) => {
        over();
        drop(why);
      },
    };
    this.all.add(p);
    if (this.of(address).length > perAddress) this.tooMany(this.of(address)[0], `more than ${perAddress} streams of ${address} have not attached: attach them, or open fewer`);
    if (this.all.size > total) this.tooMany(this.ofBusiest(), `more than ${total} streams have not attached: try again`);
    return over;
  }

  private tooMany(p: Pending | undefined, why: string): void {
    if (!p) return;
    this.counters.count("attach-many", p.address);
    p.drop(exhausted(why));
  }

  private of(address: string): Pending[] {
    return [...this.all].filter((p) => p.address === address);
  }

  /** The oldest stream of the address that has most. */
  private ofBusiest(): Pending | undefined {
    const count = new Map<string, number>();
    for (const { address } of this.all) count.set(address, (count.get(address) ?? 0) + 1);
    const [busiest] = [...count].reduce((a, b) => (b[1] > a[1] ? b : a), ["", 0] as [string, number]);
    return this.of(busiest)[0];
  }
}
