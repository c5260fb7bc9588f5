/** The draw over own anchored iterations (protocol section 9), pure: anchored heads and beacons in, lucky iterations out. */
import type { Hash } from "#kernel/crypto.js";
import { isLucky, lotteryDraw } from "#protocol/draws/lottery.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";

/** An advance of a slot's anchored head: iterations from … to were first covered at `height`. */
export interface Advance {
  readonly slot: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly height: bigint;
}

export class Advances {
  private readonly last = new Map<number, bigint>();
  private readonly open: Advance[] = [];

  /** Anchored heads of one slot, ascending, as the chain keeps them. Those known are skipped. */
  note(slot: number, heads: readonly AnchoredHead[]): void {
    for (const h of heads) {
      const before = this.last.get(slot) ?? 0n;
      if (h.seq <= before) continue;
      this.open.push({ slot, from: before + 1n, to: h.seq, height: h.height });
      this.last.set(slot, h.seq);
    }
  }

  /** After a restart: what the first kept advance begins at is unknown, and its window is nearly over. */
  startAfter(slot: number, seq: bigint): void {
    if (!this.last.has(slot)) this.last.set(slot, seq);
  }

  /** Advances whose draw has happened by this height; each once. */
  drawn(height: bigint, delay: bigint): Advance[] {
    const out: Advance[] = [];
    for (let i = 0; i < this.open.length; ) {
      const a = this.open[i] as Advance;
      if (a.height + delay <= height) {
        out.push(a);
        this.open.splice(i, 1);
      } else i++;
    }
    return out;
  }
}

export interface Draw {
  readonly taskId: bigint;
  readonly beacon: Uint8Array;
  readonly target: bigint;
  readonly flop: bigint;
}

/** The lucky ones of a slot's iterations from `first` on, whose header hashes lie end to end. */
export function luckyOf(sha: Hash, slot: number, first: bigint, hashes: Uint8Array, d: Draw): bigint[] {
  const out: bigint[] = [];
  for (let i = 0; i < hashes.length / 32; i++) {
    const seq = first + BigInt(i);
    const headerHash = hashes.subarray(32 * i, 32 * i + 32);
    if (isLucky(lotteryDraw(sha, { beacon: d.beacon, taskId: d.taskId, slot, seq, headerHash }), d.target, d.flop)) out.push(seq);
  }
  return out;
}
