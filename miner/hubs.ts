/** The miner's links: one to every supervisor, to send; it reads from two of them and moves on when they lack what others have. */
import { type BusLink } from "#net/index.js";
import { type TaskView } from "#client/chain/task-view.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { type Logger } from "#platform/log.js";

/** Heads that any supervisor attested this many blocks ago are to be here. */
const ATTESTED_BLOCKS = 2n;

export class Hubs {
  private readonly links = new Map<string, BusLink>();
  /** heads attested, by slot, newest last */
  private readonly history: { height: bigint; heads: Map<number, bigint> }[] = [];
  private readFrom = 0;
  private movedAt = 0n;

  constructor(
    private readonly open: (s: Seat) => BusLink,
    private readonly log: Logger,
  ) {}

  get all(): Iterable<BusLink> {
    return this.links.values();
  }

  /** Links to the supervisors as they last joined. */
  connect(supervisors: readonly Seat[]): void {
    const wanted = new Map(supervisors.map((s) => [s.worker, s]));
    for (const [worker, link] of this.links) {
      if (wanted.get(worker)?.endpoint === link.endpoint) continue;
      this.links.delete(worker);
      void link.close();
    }
    for (const [worker, s] of wanted) if (!this.links.has(worker)) this.links.set(worker, this.open(s));
  }

  /** Reads from two, first `preferred` mod S and the next; moves on when a head attested two blocks ago is not in `clock`. */
  choose(view: TaskView, supervisors: readonly Seat[], preferred: number, clock: readonly bigint[]): void {
    this.note(view);
    const hubs = supervisors.map((s) => s.worker);
    if (hubs.length === 0) return;
    if (view.height >= this.movedAt + 3n) {
      const lacks = [...this.attested(view.height)].find(([slot, seq]) => (clock[slot] ?? 0n) < seq);
      if (lacks) {
        this.log.info("moving to another supervisor", { lacks: `${lacks[0]}/${lacks[1]}` });
        this.readFrom++;
        this.movedAt = view.height;
      }
    }
    const first = (preferred + this.readFrom) % hubs.length;
    const read = new Set([hubs[first], hubs[(first + 1) % hubs.length]]);
    for (const [worker, link] of this.links) link.subscribe(read.has(worker));
  }

  /** By slot, the highest head that any supervisor attested two blocks ago. */
  attested(height: bigint): ReadonlyMap<number, bigint> {
    const [old] = this.history;
    return old && old.height <= height - ATTESTED_BLOCKS ? old.heads : new Map();
  }

  private note(view: TaskView): void {
    const heads = new Map<number, bigint>();
    for (const a of view.attested) if (a.seq > (heads.get(a.slot) ?? 0n)) heads.set(a.slot, a.seq);
    for (const { slot, head } of view.slots) if (head && head.seq > (heads.get(slot) ?? 0n)) heads.set(slot, head.seq);
    this.history.push({ height: view.height, heads });
    while ((this.history[1]?.height ?? view.height) <= view.height - ATTESTED_BLOCKS) this.history.shift();
  }

  async close(): Promise<void> {
    await Promise.all([...this.links.values()].map((l) => l.close()));
  }
}
