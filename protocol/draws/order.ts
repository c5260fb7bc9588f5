/** The order in which an epoch visits its batches; everyone computes everyone's. */
import { u32be, u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { shuffle } from "./drbg.js";
import { H, raw } from "../hash.js";

/** perm_e = shuffle of 0 … N_b−1 by drbg(H('pouw/order/1'; beacon(x), u64 task, u32 e)). */
export function epochOrder(hash: Hash, beacon: Uint8Array, taskId: bigint, epoch: number, batches: number): number[] {
  return shuffle(hash, batches, H(hash, "pouw/order/1", raw(beacon, 32, "beacon"), u64be(taskId), u32be(epoch)));
}

/** Batches by position, with the last few epochs' orders kept. */
export class BatchOrder {
  readonly #epochs = new Map<number, number[]>();

  constructor(
    readonly hash: Hash,
    readonly beacon: Uint8Array,
    readonly taskId: bigint,
    readonly batches: number,
  ) {}

  epochOf(position: bigint): number {
    return Number(position / BigInt(this.batches));
  }

  /** The batch number that position p trains on: perm_e[p mod N_b]. */
  batchOf(position: bigint): number {
    const epoch = this.epochOf(position);
    let order = this.#epochs.get(epoch);
    if (!order) {
      order = epochOrder(this.hash, this.beacon, this.taskId, epoch, this.batches);
      if (this.#epochs.size >= 8) this.#epochs.delete(this.#epochs.keys().next().value as number);
      this.#epochs.set(epoch, order);
    }
    return order[Number(position % BigInt(this.batches))] as number;
  }
}
