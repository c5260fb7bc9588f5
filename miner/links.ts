/** The miner's links: one to every supervisor, to send and to answer; it reads from those that its machine names. */
import type { Link } from "#bus/index.js";

export interface HubOf {
  readonly worker: string;
  readonly endpoint: string;
  readonly index: number;
}

export class HubLinks {
  private readonly links = new Map<string, Link>();

  constructor(private readonly open: (hub: HubOf) => Link) {}

  get all(): Iterable<Link> {
    return this.links.values();
  }

  /** Links to the supervisors as they last joined. */
  connect(hubs: readonly HubOf[], read: readonly string[]): void {
    const wanted = new Map(hubs.map((h) => [h.worker, h]));
    for (const [worker, link] of this.links) {
      if (wanted.get(worker)?.endpoint === link.endpoint) continue;
      this.links.delete(worker);
      void link.close();
    }
    for (const [worker, h] of wanted) if (!this.links.has(worker)) this.links.set(worker, this.open(h));
    for (const [worker, link] of this.links) link.subscribe(read.includes(worker));
  }

  async close(): Promise<void> {
    await Promise.all([...this.links.values()].map((l) => l.close()));
  }
}
