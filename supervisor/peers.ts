/** Links to the other supervisors of a task, by what they last joined with. */
import type { Bus, Link } from "#bus/index.js";
import { type LogClient } from "#net/index.js";
import type { Timers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type SessionKey } from "#platform/keys.js";
import { type Logger } from "#platform/log.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { isPeersFault, type Outcome } from "#protocol/log/outcomes.js";
import { Role } from "#proto/gen/pouw/v1/types.js";

export interface PeerLinksOptions {
  readonly bus: Bus;
  readonly chainId: string;
  readonly taskId: bigint;
  readonly key: SessionKey;
  readonly timers: Timers;
  readonly log: Logger;
  readonly client: LogClient;
  clock(): readonly bigint[];
  receive(m: Iteration): Promise<Outcome>;
}

export class PeerLinks {
  private readonly links = new Map<string, Link>();
  constructor(private readonly o: PeerLinksOptions) {}

  /** `index`: of the own seat. */
  connect(supervisors: readonly { readonly worker: string; readonly endpoint: string }[], index: number): void {
    const others = new Map(supervisors.map((s) => [s.worker, s.endpoint]));
    this.o.client.setEndpoints([...others.values()]);
    for (const [worker, link] of this.links) {
      if (others.get(worker) === link.endpoint) continue;
      this.links.delete(worker);
      void link.close();
    }
    for (const [worker, endpoint] of others) if (!this.links.has(worker)) this.links.set(worker, this.open(worker, endpoint, index));
  }

  private open(supervisor: string, endpoint: string, index: number): Link {
    const { bus, chainId, taskId, timers, log, key } = this.o;
    const own = { role: Role.ROLE_SUPERVISOR, index, sign: (m: Uint8Array) => key.sign(m), clock: () => this.o.clock(), iteration: async (m: Iteration) => (isPeersFault(await this.o.receive(m)) ? "fault" : undefined) } as const;
    return bus.link({ endpoint, chainId, supervisor, taskId, log, crypto: nodeCrypto, timers, ...own }, true);
  }

  async close(): Promise<void> {
    await Promise.all([...this.links.values()].map((l) => l.close()));
  }
}
