/**
 * Streams that have not said who they are. They live for a moment, and one address has few of them: beyond that its
 * oldest goes, so that whoever opens many shuts out nobody but itself.
 */
import { type CallError, exhausted, refused } from "./errors.js";

export interface PendingLimits {
  readonly perAddress: number;
  readonly total: number;
  readonly lifetimeMs: number;
}
interface Pending {
  readonly address: string;
  readonly timer: NodeJS.Timeout;
  drop(why: CallError): void;
}

export class PendingStreams {
  /** oldest first */
  private readonly all = new Set<Pending>();
  constructor(private readonly limits: PendingLimits = { perAddress: 64, total: 512, lifetimeMs: 2_000 }) {}

  get size(): number {
    return this.all.size;
  }

  /** Counts a stream until the function that is returned is called, or until `drop` is. */
  add(peer: string, drop: (why: CallError) => void): () => void {
    const { perAddress, total, lifetimeMs } = this.limits;
    const address = addressOf(peer);
    const over = (): void => {
      clearTimeout(p.timer);
      this.all.delete(p);
    };
    const p: Pending = {
      address,
      timer: setTimeout(() => p.drop(refused(`no Attach in ${lifetimeMs} ms`)), lifetimeMs),
      drop: (why) => {
        over();
        drop(why);
      },
    };
    this.all.add(p);
    if (this.of(address).length > perAddress) this.of(address)[0]?.drop(exhausted(`more than ${perAddress} streams of ${address} have not attached: attach them, or open fewer`));
    if (this.all.size > total) this.ofBusiest()?.drop(exhausted(`more than ${total} streams have not attached: try again`));
    return over;
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

/** Who counts as one caller: an IPv4 address, or the /64 of an IPv6 one, which is what a single customer is given. */
export function addressOf(peer: string): string {
  const host = peer.replace(/:\d+$/, "").replace(/^\[|\]$/g, "").replace(/^::ffff:/i, "");
  if (!host.includes(":")) return host;
  const [head = "", tail] = host.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    while (groups.length + rest.length < 8) groups.push("0");
    groups.push(...rest);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
