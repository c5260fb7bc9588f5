/** Lucky iterations: anchored, drawn, run again, claimed. One at a time, each once. Pure: what it asks comes back as inputs. */
import type { Crypto } from "#kernel/crypto.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import { type Advance, Advances, luckyOf } from "./lottery.js";

export interface ClaimFacts {
  readonly taskId: bigint;
  readonly flop: bigint;
  readonly slots: readonly number[];
  readonly drawDelay: bigint;
  readonly claimWindow: bigint;
}

/** A lucky iteration, with the anchored head that covers it. */
export interface Lucky {
  readonly slot: number;
  readonly seq: bigint;
  readonly head: bigint;
  /** the first block that takes its claim no more */
  readonly until: bigint;
}

/** What an advance was drawn with, and the header hashes of some of its iterations. */
export interface Drawn {
  readonly beacon: Uint8Array;
  readonly target: bigint;
  /** seq of the first hash */
  readonly from: bigint;
  /** end to end, 32 bytes each */
  readonly hashes: Uint8Array;
  readonly last: boolean;
}

export type ClaimEffect =
  /** the kept advances of a slot */
  | { readonly do: "askAnchors"; readonly slot: number }
  /** beacon and target of an advance's draw, with the header hashes of its iterations, in parts */
  | { readonly do: "askDraw"; readonly advance: Advance; readonly height: bigint }
  /** whether an own iteration comes out again as it was signed */
  | { readonly do: "rerun"; readonly slot: number; readonly seq: bigint }
  | { readonly do: "pruneResiduals"; readonly slot: number; readonly over: bigint }
  /** pushes the residuals that a verifier will ask for, and sends the claim; `again`: they were pushed before. Answered by `onClaimed`. */
  | { readonly do: "claim"; readonly lucky: Lucky; readonly again: boolean };

/** Refusals that say: claim again within the window (modules/work/errors.ts). */
export const NO_ROOM: ReadonlySet<string> = new Set(["work/14", "work/17", "work/18"]);

/** Where effects go: the machine's own, of which these are some. */
interface Effects {
  push(effect: ClaimEffect): unknown;
}

/** Draws that wait for their turn: more than a claim window of advances of all own slots never do. */
const MAX_DUE = 1024;

export class Claims {
  readonly #advances = new Advances();
  readonly #heads = new Map<number, bigint>();
  /** kept advances by slot, as they were last read */
  readonly #seen = new Map<number, readonly bigint[]>();
  readonly #asking = new Set<number>();
  #due: Advance[] = [];
  #drawing: Advance | undefined;
  readonly #lucky: Lucky[] = [];
  #running: Lucky | undefined;
  /** claims that had no room in the last block that was seen */
  #again: Lucky[] = [];
  #height = 0n;

  constructor(
    private readonly crypto: Crypto,
    private readonly facts: ClaimFacts,
  ) {}

  onView(view: TaskView, out: Effects): void {
    this.#height = view.height;
    for (const slot of this.facts.slots) {
      const head = view.slots.find((s) => s.slot === slot)?.head?.seq ?? 0n;
      if (head === (this.#heads.get(slot) ?? 0n) || this.#asking.has(slot)) continue;
      this.#asking.add(slot);
      out.push({ do: "askAnchors", slot });
    }
    for (const lucky of this.#again.splice(0)) if (view.height < lucky.until) out.push({ do: "claim", lucky, again: true });
    this.#due = [...this.#due, ...this.#advances.drawn(view.height, this.facts.drawDelay)].slice(-MAX_DUE);
    this.#next(out);
  }

  /** The kept advances of a slot, ascending; none where the chain did not answer. */
  onAnchors(slot: number, heads: readonly AnchoredHead[] | undefined, out: Effects): void {
    this.#asking.delete(slot);
    if (!heads) return;
    this.#advances.note(slot, heads);
    this.#heads.set(slot, heads.at(-1)?.seq ?? 0n);
    // The oldest kept advance covers all from its predecessor's head on: only what that predecessor ended is out of every window.
    const oldest = heads[0]?.seq ?? 0n;
    const over = (this.#seen.get(slot) ?? []).filter((seq) => seq < oldest).at(-1);
    if (over !== undefined) out.push({ do: "pruneResiduals", slot, over });
    this.#seen.set(slot, heads.map((h) => h.seq));
  }

  /** What an advance was drawn with, part by part, iterations ascending; nothing where the chain did not answer. */
  onDraw(drawn: Drawn | undefined, out: Effects): void {
    const a = this.#drawing;
    if (a && drawn) {
      const { taskId, flop } = this.facts;
      const draw = { taskId, beacon: drawn.beacon, target: drawn.target, flop };
      for (const seq of luckyOf(this.crypto, a.slot, drawn.from, drawn.hashes, draw)) this.#lucky.push({ slot: a.slot, seq, head: a.to, until: this.#until(a) });
    }
    if (!drawn || drawn.last) this.#drawing = undefined;
    this.#next(out);
  }

  /** Whether the iteration that was run again agrees. */
  onReran(agrees: boolean, out: Effects): Lucky | undefined {
    const lucky = this.#running;
    this.#running = undefined;
    if (lucky && agrees) out.push({ do: "claim", lucky, again: false });
    this.#next(out);
    return lucky;
  }

  /** What became of a claim: codespace and code of its refusal, or nothing. */
  onClaimed(lucky: Lucky, refused: string | undefined): void {
    if (refused !== undefined && NO_ROOM.has(refused)) this.#again.push(lucky);
  }

  #until(a: Advance): bigint {
    return a.height + this.facts.drawDelay + this.facts.claimWindow;
  }

  #next(out: Effects): void {
    while (!this.#drawing) {
      const a = this.#due.shift();
      if (!a) break;
      if (this.#until(a) <= this.#height) continue; // too late to claim
      this.#drawing = a;
      out.push({ do: "askDraw", advance: a, height: a.height + this.facts.drawDelay });
    }
    if (this.#running) return;
    this.#running = this.#lucky.shift();
    if (this.#running) out.push({ do: "rerun", slot: this.#running.slot, seq: this.#running.seq });
  }
}
