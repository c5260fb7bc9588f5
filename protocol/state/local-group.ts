/**
 * A whole group in one process, round by round, without signatures and without a network: the very iterations of slots
 * whose headers name the oldest clock that the lag rule allows. A real group whose headers name the same clocks has the
 * same maps and the same model digests.
 */
import type { Batch, Engine } from "#engine/types.js";
import type { Hash } from "#kernel/crypto.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header } from "#proto/gen/pouw/v1/iteration.js";
import { ZERO_DIGEST } from "../hash.js";
import { iterate } from "./iterate.js";
import { Closures, requiredClock } from "../log/lag.js";
import { mapHash } from "./map.js";
import { BatchOrder } from "../draws/order.js";
import { positionOf, roundOf, seqOf, slotPositions, totalRounds } from "../log/positions.js";
import { Replica } from "./replica.js";

export interface LocalGroupOptions {
  readonly hash: Hash;
  readonly chainId: string;
  readonly taskId: bigint;
  /** with every default filled in */
  readonly spec: TaskSpec;
  readonly engine: Engine;
  readonly seed: Uint8Array;
  /** of the block that began Training */
  readonly beacon: Uint8Array;
  /** what headers name as their height; nothing follows from it here */
  readonly height: bigint;
  batch(number: number): { readonly batch: Batch; readonly hash: Uint8Array };
}

export interface LocalIteration {
  readonly header: Header;
  readonly map: Uint8Array;
  /** of the batch, before the update; NaN of a null iteration */
  readonly loss: number;
}

export class LocalGroup {
  readonly replica: Replica;
  readonly #order: BatchOrder;
  readonly #maps: Uint8Array[][];
  readonly #last: Uint8Array[];
  readonly #closures = new Closures();

  constructor(private readonly o: LocalGroupOptions) {
    this.replica = new Replica(o.hash, o.engine, o.spec, o.seed);
    this.#order = new BatchOrder(o.hash, o.beacon, o.taskId, o.spec.batches);
    this.#maps = Array.from({ length: o.spec.slots }, () => []);
    this.#last = Array.from({ length: o.spec.slots }, () => ZERO_DIGEST);
  }

  /** Every iteration, slots ascending within a round. At the end K holds all maps. */
  *run(): Generator<LocalIteration> {
    const { spec } = this.o;
    for (let round = 0n; round < totalRounds(spec); round++) {
      for (let slot = 0; slot < spec.slots; slot++) if (seqOf(round) <= slotPositions(spec, slot)) yield this.#iterate(slot, seqOf(round));
    }
    this.#stand(this.replica.known);
  }

  #iterate(slot: number, seq: bigint): LocalIteration {
    const { o, replica } = this;
    const clock = requiredClock(o.spec, this.#closures, roundOf(seq), o.height);
    clock[slot] = seq - 1n;
    this.#stand(clock);
    const { batch, hash } = o.batch(this.#order.batchOf(positionOf(o.spec, slot, seq)));
    const done = iterate({ replica, chainId: o.chainId, taskId: o.taskId, spec: o.spec, slot, seq, height: o.height, clock, batch, batchHash: hash, prev: this.#last[slot] as Uint8Array });
    replica.record({ slot, seq, headerHash: done.headerHash, mapHash: mapHash(o.hash, done.map) });
    (this.#maps[slot] as Uint8Array[]).push(done.map);
    this.#last[slot] = done.headerHash;
    return { header: done.header, map: done.map, loss: done.loss };
  }

  #stand(clock: readonly bigint[]): void {
    this.replica.moveTo(clock, (slot, seq) => this.#maps[slot]?.[Number(seq) - 1]);
  }
}
