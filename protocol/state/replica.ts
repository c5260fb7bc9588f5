/**
 * A model's state from logged maps.
 *
 * Two things are kept apart: what is *known* (every slot's map hashes as chain digests and its header hashes as a log
 * tree, seq by seq, which costs a hundred bytes an iteration, or for a miner a window of them) and where K *stands* (the clock whose maps have been added to the
 * engine's K). Moving K back and forth is adding and subtracting maps, so a verifier jumps between clocks and a miner
 * undoes a faulty slot's maps without starting over.
 */
import type { Engine } from "#engine/types.js";
import type { Hash } from "#kernel/crypto.js";
import { chainDigest, modelDigest } from "./digest.js";
import { ZERO_DIGEST } from "../hash.js";
import { initialHash, initialWeights } from "./initial.js";
import { HashColumn } from "../log/hash-column.js";
import { LogFrontier, LogTree } from "../log/log-root.js";

/** Map bytes of a logged iteration; undefined when it is not there. */
export type MapsOf = (slot: number, seq: bigint) => Uint8Array | undefined;

export interface LoggedIteration {
  slot: number;
  seq: bigint;
  headerHash: Uint8Array;
  mapHash: Uint8Array;
}

export interface ReplicaSpec {
  slots: number;
}

/** What a miner's replica keeps of an iteration does not grow with the log. */
export interface ReplicaBounds {
  /** chain digests that are kept of each slot, at least */
  readonly window: number;
  /** slots whose log root is asked for: the own ones */
  readonly rooted: ReadonlySet<number>;
  /** an older chain digest, where it is at hand */
  chainDigestOf(slot: number, seq: bigint): Uint8Array | undefined;
}

/** Where a slot stood when K was kept. */
export interface SlotStart {
  readonly seq: bigint;
  readonly chainDigest: Uint8Array;
  /** of a rooted slot */
  readonly frontier?: LogFrontier | undefined;
}

export class MissingMap extends Error {
  override readonly name = "MissingMap";
  constructor(
    readonly slot: number,
    readonly seq: bigint,
  ) {
    super(`the map of slot ${slot}, seq ${seq} is not there`);
  }
}

export class Replica {
  readonly w0Hash: Uint8Array;
  /** Where K stands. */
  readonly #at: bigint[];
  /** #digests[slot] at seq; entry 0 is zeros. */
  readonly #digests: HashColumn[];
  readonly #trees: (LogTree | LogFrontier | undefined)[];

  constructor(
    readonly hash: Hash,
    readonly engine: Engine,
    readonly spec: ReplicaSpec,
    /** H('pouw/seed/1'; …): the first weights and every iteration's random numbers come from it. */
    readonly seed: Uint8Array,
    /** without it all is kept, and roots, digests and proofs are had at any seq */
    readonly bounds?: ReplicaBounds,
  ) {
    const w0 = initialWeights(hash, engine.plan, seed);
    this.w0Hash = initialHash(hash, w0);
    this.#at = Array.from({ length: spec.slots }, () => 0n);
    this.#digests = Array.from({ length: spec.slots }, () => digestsFrom(0, ZERO_DIGEST));
    this.#trees = Array.from({ length: spec.slots }, (_, slot) => (bounds ? (bounds.rooted.has(slot) ? new LogFrontier(hash) : undefined) : new LogTree(hash)));
    engine.setInitial(w0);
  }

  /** Begins where an earlier run stood, before anything is recorded: K as it was then, and the end of every slot's log. */
  startAt(starts: readonly SlotStart[], K: Int32Array): void {
    if (!this.bounds) throw new Error("replica: without bounds it begins with the first iteration");
    if (starts.length !== this.spec.slots || K.length !== this.engine.K.length) throw new RangeError(`replica: a start of ${starts.length} slots and ${K.length} parameters`);
    starts.forEach(({ seq, chainDigest: digest, frontier }, slot) => {
      this.#at[slot] = seq;
      this.#digests[slot] = digestsFrom(Number(seq), digest);
      if (this.#trees[slot]) this.#trees[slot] = frontier;
      if (this.#trees[slot] && BigInt(this.#trees[slot].size) !== seq) throw new RangeError(`replica: slot ${slot} begins at ${seq}, its tree at ${this.#trees[slot].size}`);
    });
    this.engine.K.set(K);
    this.engine.makeWeights();
  }

  /** The clock at which K stands; a copy. */
  get clock(): bigint[] {
    return [...this.#at];
  }

  /** Highest known seq of every slot; a copy. */
  get known(): bigint[] {
    return this.#digests.map((d) => BigInt(d.length - 1));
  }

  knownSeq(slot: number): bigint {
    return BigInt(this.#of(slot).length - 1);
  }

  /** Learns of the slot's next iteration without adding its map to K. */
  record({ slot, seq, headerHash, mapHash }: LoggedIteration): void {
    const digests = this.#of(slot);
    if (seq !== BigInt(digests.length)) throw new RangeError(`replica: slot ${slot}, seq ${seq}, want ${digests.length}, the next one`);
    const digest = chainDigest(this.hash, digests.at(digests.length - 1) as Uint8Array, mapHash);
    this.#trees[slot]?.append(headerHash);
    digests.push(digest);
    if (this.bounds) digests.keep(this.bounds.window);
  }

  /** Learns of the slot's next iteration, and adds its map when K stands right before it. `map` must be canonical. */
  apply(iteration: LoggedIteration & { map: Uint8Array }): void {
    const { slot, seq, map } = iteration;
    if (this.#at[slot] !== seq - 1n) throw new RangeError(`replica: K stands at ${this.#at[slot]} of slot ${slot}, cannot add seq ${seq}`);
    this.record(iteration);
    this.engine.addMap(map, 1);
    this.#at[slot] = seq;
  }

  /** Forgets what lies above `seq` of a slot. K must not stand there: moveTo first. */
  forget(slot: number, seq: bigint): void {
    if ((this.#at[slot] as bigint) > seq) throw new RangeError(`replica: K stands at ${this.#at[slot]} of slot ${slot}, above ${seq}`);
    const digests = this.#of(slot);
    if (BigInt(digests.length) <= seq + 1n) return;
    const tree = this.#trees[slot];
    if (!(tree instanceof LogTree)) throw new Error("replica: one with bounds cannot forget");
    digests.cut(Number(seq) + 1);
    tree.truncate(Number(seq));
  }

  /** Brings K to a clock within what is known. Throws MissingMap, with K where it then stands, when a map is not there. */
  moveTo(clock: readonly bigint[], mapsOf: MapsOf): void {
    for (let slot = 0; slot < this.spec.slots; slot++) {
      const want = clock[slot] as bigint;
      if (want > this.knownSeq(slot)) throw new RangeError(`replica: slot ${slot} is known to ${this.knownSeq(slot)}, cannot move to ${want}`);
    }
    for (let slot = 0; slot < this.spec.slots; slot++) {
      const want = clock[slot] as bigint;
      let at = this.#at[slot] as bigint;
      while (at < want) this.#add(slot, ++at, 1, mapsOf);
      while (at > want) this.#add(slot, at--, -1, mapsOf);
    }
  }

  #add(slot: number, seq: bigint, sign: 1 | -1, mapsOf: MapsOf): void {
    const map = mapsOf(slot, seq);
    if (!map) throw new MissingMap(slot, seq);
    this.engine.addMap(map, sign);
    this.#at[slot] = sign === 1 ? seq : seq - 1n;
  }

  /** chain_digest(slot, seq), or undefined above what is known. */
  chainDigestAt(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#of(slot).at(Number(seq)) ?? (seq <= this.knownSeq(slot) ? this.bounds?.chainDigestOf(slot, seq) : undefined);
  }

  /** Throws MissingMap where a clock's chain digest is known and not at hand, before anything is done that needs it. */
  mustHave(clock: readonly bigint[]): void {
    clock.forEach((seq, slot) => {
      if (seq < this.knownSeq(slot) && !this.chainDigestAt(slot, seq)) throw new MissingMap(slot, seq);
    });
  }

  /** Model digest where K stands. */
  digest(): Uint8Array {
    return this.digestAt(this.#at) as Uint8Array;
  }

  /** Model digest at a clock, or undefined when it lies above what is known. `own` stands in for one slot's chain digest. */
  digestAt(clock: readonly bigint[], own?: { slot: number; chainDigest: Uint8Array }): Uint8Array | undefined {
    const digests: Uint8Array[] = [];
    for (let slot = 0; slot < this.spec.slots; slot++) {
      const d = own?.slot === slot ? own.chainDigest : this.chainDigestAt(slot, clock[slot] as bigint);
      if (!d) return undefined;
      digests.push(d);
    }
    return modelDigest(this.hash, this.w0Hash, digests);
  }

  /** Root over the slot's header hashes 1 … size; all known ones by default, which with bounds is all that there is. */
  logRoot(slot: number, size = this.knownSeq(slot)): Uint8Array {
    const tree = this.#trees[slot];
    if (tree instanceof LogTree) return tree.root(Number(size));
    if (!tree || BigInt(tree.size) !== size) throw new RangeError(`replica: the root over ${size} headers of slot ${slot} is not kept`);
    return tree.root();
  }

  #of(slot: number): HashColumn {
    const d = this.#digests[slot];
    if (!d) throw new RangeError(`replica: slot ${slot}, the task has ${this.spec.slots}`);
    return d;
  }
}

/** Of a slot whose log is known from a seq on. */
function digestsFrom(seq: number, digest: Uint8Array): HashColumn {
  const column = new HashColumn(seq);
  column.push(digest);
  return column;
}
