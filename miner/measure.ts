/**
 * How many iterations a second this machine makes of a model, as a miner makes them: the compute thread's own machine on
 * made-up data, the maps of ten peers added, header and signature made. The one measurement behind `pouwd miner bench` and
 * `pouwd model inspect`. Network, disk and the checking of peers' signatures are not in it: other threads do that.
 */
import { createEngine } from "#engine/index.js";
import { type Group, groupsOf, type QuantumGroup } from "#engine/quanta.js";
import type { Engine } from "#engine/types.js";
import { flop, type Loss, type ModelPlan } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { type Optimizer, Phase, Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { lossNumber, optimizerOf } from "#protocol/tasks/engine-options.js";
import { fromBits } from "#protocol/floats.js";
import { headSignBytes } from "#protocol/log/header.js";
import { ZERO_DIGEST } from "#protocol/hash.js";
import { mapHash, negatedMap } from "#protocol/state/map.js";
import { Compute } from "./compute.js";
import { packPeer, unpackPeer } from "./protocol.js";

export interface MeasureOptions {
  readonly loss: Loss;
  readonly batch: number;
  readonly lrBits: number;
  readonly quanta: readonly QuantumGroup[];
  readonly milliseconds: number;
  /** as a task has it; SGD where there is none */
  readonly optimizer?: Optimizer | undefined;
  /** default "auto" */
  readonly host?: "wasm" | "native" | "auto";
}

export interface Measured {
  readonly host: "wasm" | "native";
  /** whole iterations, protocol work included */
  readonly iterationsPerSecond: number;
  readonly samplesPerSecond: number;
  /** F of the iterations (protocol section 9) over their time */
  readonly gigaflopPerSecond: number;
  /** of the iterations that were timed, on made-up data: real maps shrink as a model learns */
  readonly medianMapBytes: number;
}

const CHAIN = "pouw-measure-1";
const PEERS = 10;
const OWN = 0;
const START = 1n;
/** so many different batches; their order is drawn over more, as for a task of that size */
const DIFFERENT = 8;
const BATCHES = 4_096;

/** Throws where the model does not fit an engine. */
export async function measure(plan: ModelPlan, o: MeasureOptions): Promise<Measured> {
  const engine = await createEngine(plan, { loss: o.loss, batchSize: o.batch, optimizer: optimizerOf(o), quanta: o.quanta, lrMax: fromBits(o.lrBits), ...(o.host ? { host: o.host } : {}) });
  const miner = new MeasuredMiner(engine, o);
  miner.iterate(); // compiles, and touches all memory
  const warm = performance.now();
  do miner.iterate();
  while (performance.now() - warm < o.milliseconds / 4);

  const bytes: number[] = [];
  let passed = 0;
  do {
    const { milliseconds, mapBytes } = miner.iterate();
    passed += milliseconds;
    bytes.push(mapBytes);
  } while (passed < o.milliseconds);
  const rate = (bytes.length * 1000) / passed;
  return {
    host: engine.host,
    iterationsPerSecond: rate,
    samplesPerSecond: rate * o.batch,
    gigaflopPerSecond: (rate * Number(flop(plan, o.batch))) / 1e9,
    medianMapBytes: bytes.toSorted((a, b) => a - b)[bytes.length >> 1] as number,
  };
}

/**
 * One slot among eleven. What the slot does to the model its first peer undoes, and the others' maps change their sign
 * every round: the model stays where the gradients are large, as early in training.
 */
class MeasuredMiner {
  readonly #compute: Compute;
  readonly #key = sessionKeyFromSeed(new Uint8Array(32).fill(7));
  readonly #groups: readonly Group[];
  /** maps of peers 2 … 10, as they are and negated */
  readonly #theirs: readonly (readonly [Uint8Array, Uint8Array])[];
  #last: Uint8Array | undefined;
  #seq = 0n;

  constructor(engine: Engine, o: MeasureOptions) {
    const { plan } = engine;
    this.#groups = groupsOf(o.quanta, plan.tensors);
    const data = Array.from({ length: DIFFERENT }, (_, i) => batchOf(plan, o, i));
    const loss = lossNumber(o.loss);
    const spec = TaskSpec.create({ loss, batchSize: o.batch, epochs: 1 << 20, batches: BATCHES, slots: PEERS + 1, lag: 1, lrBits: o.lrBits, quanta: o.quanta.map((g) => ({ ...g, tensors: [...g.tensors] })), runAhead: 1n << 62n, ...(o.optimizer ? { optimizer: o.optimizer } : {}) });
    const task = { ...Task.create({ id: 1n, phase: Phase.PHASE_TRAINING }), spec, startHeight: START, startBeacon: new Uint8Array(32) };
    const batches = Array.from({ length: BATCHES }, (_, i) => data[i % DIFFERENT] as (typeof data)[number]);
    this.#compute = new Compute({ chainId: CHAIN, task, maxParameters: plan.parameters, slots: [OWN], batches }, engine, () => performance.now());
    this.#compute.view(START + 2n, { height: START, lowest: 0n }, []);
    this.#theirs = Array.from({ length: PEERS - 1 }, (_, i) => {
      const { map } = engine.step(data[i % DIFFERENT] as (typeof data)[number], PEERS, { lrBits: o.lrBits, time: 1n, random: ZERO_DIGEST });
      return [map, negatedMap(this.#groups, map)];
    });
  }

  /** Peers' messages are made before the clock starts. */
  iterate(): { milliseconds: number; mapBytes: number } {
    const peers = this.#seq === 0n ? [] : this.#peersOf(this.#seq);
    this.#seq++;
    const start = performance.now();
    for (const p of peers) this.#compute.applyPeer(unpackPeer(p));
    const { hash, map } = this.#compute.iterate(OWN);
    this.#key.sign(headSignBytes(nodeCrypto, { chainId: CHAIN, taskId: 1n, slot: OWN, seq: this.#seq, headerHash: hash }));
    const milliseconds = performance.now() - start;
    this.#last = map;
    return { milliseconds, mapBytes: map.length };
  }

  #peersOf(seq: bigint): Uint8Array[] {
    const undo = negatedMap(this.#groups, this.#last as Uint8Array);
    const maps = [undo, ...this.#theirs.map((pair) => pair[seq % 2n === 0n ? 1 : 0] as Uint8Array)];
    return maps.map((map, i) => packPeer({ slot: i + 1, seq, headerHash: ZERO_DIGEST, mapHash: mapHash(nodeCrypto, map), map }));
  }
}

/** Numbers without a pattern, the same everywhere. */
function batchOf(plan: ModelPlan, o: MeasureOptions, number: number): { x: Float32Array; y: Int32Array | Float32Array; hash: Uint8Array } {
  let s = (number + 1) * 2_654_435_761;
  const next = (): number => {
    s = Math.imul(s ^ (s >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((s ^ (s >>> 13)) >>> 0) / 2 ** 32;
  };
  const { vocabulary } = plan;
  const x = Float32Array.from({ length: o.batch * plan.inputSize }, vocabulary === undefined ? next : () => Math.floor(next() * vocabulary));
  const y = o.loss === "softmaxCrossEntropy" ? Int32Array.from({ length: o.batch }, () => Math.floor(next() * plan.outputSize)) : Float32Array.from({ length: o.batch * plan.outputSize }, next);
  return { x, y, hash: nodeCrypto.sha256(Uint8Array.of(number)) };
}
