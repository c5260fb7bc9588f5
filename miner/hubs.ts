/** Which supervisors' logs a miner reads: two, and it moves on when they lack what others have. Pure. */
import type { TaskView } from "#protocol/tasks/task-view.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";

/** Heads that two supervisors attested this many blocks ago are to be here. */
const ATTESTED_BLOCKS = 2n;
/** Blocks that a choice is given before the next. */
const PATIENCE = 3n;

export class HubChoice {
  /** heads attested, by slot, newest last */
  readonly #history: { height: bigint; heads: Map<number, bigint> }[] = [];
  #readFrom = 0;
  #movedAt = 0n;

  /** Once a block. */
  note(view: TaskView): void {
    const heads = new Map<number, bigint>();
    // what one supervisor alone attested it may keep to itself, however often it and the slot's miner do so
    const one = new Map<number, bigint>();
    for (const { slot, seq } of view.attested) {
      const highest = one.get(slot) ?? 0n;
      const second = seq < highest ? seq : highest;
      if (second > (heads.get(slot) ?? 0n)) heads.set(slot, second);
      if (seq > highest) one.set(slot, seq);
    }
    for (const { slot, head } of view.slots) if (head && head.seq > (heads.get(slot) ?? 0n)) heads.set(slot, head.seq);
    this.#history.push({ height: view.height, heads });
    while ((this.#history[1]?.height ?? view.height) <= view.height - ATTESTED_BLOCKS) this.#history.shift();
  }

  /** The workers to read from: first `preferred` mod S and the next; others when a head attested two blocks ago is not in `clock`. */
  choose(height: bigint, supervisors: readonly Seat[], preferred: number, clock: readonly bigint[], log?: { needed(slot: number, seq: bigint): bigint }): readonly string[] {
    const hubs = supervisors.map((s) => s.worker);
    if (hubs.length === 0) return [];
    if (height >= this.#movedAt + PATIENCE && [...this.attested(height)].some(([slot, seq]) => (clock[slot] ?? 0n) < (log?.needed(slot, seq) ?? seq))) {
      this.#readFrom++;
      this.#movedAt = height;
    }
    const first = (preferred + this.#readFrom) % hubs.length;
    return [...new Set([hubs[first] as string, hubs[(first + 1) % hubs.length] as string])];
  }

  /** By slot, the highest head that was anchored, or attested by two supervisors, two blocks ago. */
  attested(height: bigint): ReadonlyMap<number, bigint> {
    const [old] = this.#history;
    return old && old.height <= height - ATTESTED_BLOCKS ? old.heads : new Map();
  }
}
