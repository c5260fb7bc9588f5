/** Links to the other supervisors of a task, by what they last joined with. */
import { BusLink, type LogClient } from "#net/index.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type SessionKey } from "#platform/keys.js";
import { type Logger } from "#platform/log.js";

export interface PeerLinksOptions {
  readonly chainId: string;
  readonly taskId: bigint;
  readonly key: SessionKey;
  readonly allowPrivate: boolean;
  readonly log: Logger;
  readonly client: LogClient;
  clock(): readonly bigint[];
  receive(m: Iteration): Promise<void>;
}

export class PeerLinks {
  private readonly links = new Map<string, BusLink>();
  constructor(private readonly o: PeerLinksOptions) {}

  connect(seats: readonly Seat[], mine: Seat | undefined): void {
    if (!mine) return;
    const others = new Map(seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && !s.dropped && s.worker !== mine.worker).map((s) => [s.worker, s.endpoint]));
    this.o.client.setEndpoints([...others.values()]);
    for (const [worker, link] of this.links) {
      if (others.get(worker) === link.endpoint) continue;
      this.links.delete(worker);
      void link.close();
    }
    for (const [worker, endpoint] of others) if (!this.links.has(worker)) this.links.set(worker, this.open(worker, endpoint, mine.index));
  }

  private open(supervisor: string, endpoint: string, index: number): BusLink {
    const { chainId, taskId, allowPrivate, log, key } = this.o;
    const own = { role: Role.ROLE_SUPERVISOR, index, sign: (m: Uint8Array) => key.sign(m), clock: () => this.o.clock(), iteration: (m: Iteration) => this.o.receive(m) };
    return new BusLink({ endpoint, chainId, supervisor, taskId, allowPrivate, log, ...own }, true);
  }

  async close(): Promise<void> {
    await Promise.all([...this.links.values()].map((l) => l.close()));
  }
}
