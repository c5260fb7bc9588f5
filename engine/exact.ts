/** The exact profile: state K, weights and residuals in one memory, iterations over a host's kernels. */
import { checkLoss, memoryBytes, memoryTable, type ModelPlan, type Tensor } from "#engine/topology/index.js";
import type { Host } from "#engine/kernels.js";
import { Arena, MEMORY_LIMIT } from "#engine/memory.js";
import { type Addresses, Network } from "#engine/network.js";
import { momentsOf, SGD } from "#engine/optimizer.js";
import { GRADIENT_BOUND, type Group, groupsOf, largestQuantum, LEAST_QUANTUM, MAX_GROUPS, oneGroup, type QuantumGroup } from "#engine/quanta.js";
import { overdriveWords, quantaTable } from "#engine/quanta-table.js";
import { Update } from "#engine/update.js";
import type { Batch, Engine, EngineOptions, Profile, StepOptions, StepResult } from "#engine/types.js";

/** What a profile has of its own: the way from weights and batch to losses and gradient. State and maps are the exact ones of every profile. */
export interface Arithmetic {
  readonly profile: Profile;
  network(arena: Arena, host: Host, at: Addresses): Pick<Network, "loss" | "forward" | "lossOf" | "backward" | "statistics" | "predictions">;
}

export class ExactEngine implements Engine {
  readonly profile: Profile;
  readonly host: "wasm" | "native";
  readonly batchSize: number;
  readonly #arena: Arena;
  readonly #network: ReturnType<Arithmetic["network"]>;
  readonly #kernels: Host["kernels"];
  readonly #update: Update;
  readonly #at: Record<"initial" | "K" | "weights" | "gradient" | "moments" | "map" | "signs" | "quanta" | "info" | "seed" | "x" | "y" | "losses", number>;
  readonly #mapRoom: number;
  readonly #moments: number;
  /** whether an iteration draws random numbers */
  readonly #random: boolean;
  readonly #statistics: readonly Tensor[];
  readonly #residuals = new Map<number, number>();
  readonly #groups: readonly Group[];
  /** least lr of which |g| above the bound makes every |a| a quantum or more */
  readonly #rateThatFires: number;

  constructor(
    readonly plan: ModelPlan,
    options: EngineOptions,
    host: Host,
    arithmetic?: Arithmetic,
  ) {
    const { batchSize, loss } = options;
    this.profile = arithmetic?.profile ?? "wasm-f32-1";
    const optimizer = options.optimizer ?? SGD;
    const moments = momentsOf(optimizer);
    checkLoss(plan, loss);
    checkFits(plan, batchSize, moments);
    this.host = host.name;
    this.batchSize = batchSize;
    this.#kernels = host.kernels;
    const arena = (this.#arena = new Arena(host.memory));
    const sizes = memoryTable(plan, batchSize, moments);
    const reserve = (what: keyof typeof sizes) => arena.reserve(Number(sizes[what]), what);
    const [initial, K, weights, gradient] = [reserve("initial"), reserve("K"), reserve("weights"), reserve("gradient")];
    const [map, signs, quanta, columns, momentsAt] = [reserve("map"), reserve("signs"), reserve("quanta"), reserve("columns"), reserve("moments")];
    const packed = [reserve("packed"), reserve("packedBeside")] as const;
    const [activations, errors] = [reserve("activations"), reserve("errors")];
    let free = reserve("tables");
    const table = (values: readonly number[]): number => {
      const address = free;
      arena.i32(address, values.length).set(values);
      free += 64;
      return address;
    };
    const x = arena.reserve(batchSize * plan.inputSize * 4, "batch");
    const y = arena.reserve(batchSize * plan.outputSize * 4, "batch");
    const losses = arena.reserve(batchSize * 4, "batch");
    const info = arena.reserve(16, "batch");
    const seed = arena.reserve(16, "batch");
    this.#mapRoom = Number(sizes.map);
    this.#at = { initial, K, weights, gradient, moments: momentsAt, map, signs, quanta, info, seed, x, y, losses };
    const at: Addresses = { weights, gradient, packed, columns, seed, x, y, losses, correct: info, activations, errors };
    this.#network = arithmetic?.network(arena, host, at) ?? new Network(plan, loss, batchSize, host.kernels, at, table);
    this.#groups = layOut(options.quanta ?? oneGroup(plan, 0), plan);
    const words = quantaTable(this.#groups);
    arena.i32(quanta, words.length).set(words);
    this.#rateThatFires = Math.max(...this.#groups.map((g) => (1.01 * (g.q + g.bound)) / GRADIENT_BOUND));
    this.#update = new Update(plan, optimizer, host.kernels, { weights, gradient }, { groups: this.#groups, lrMax: options.lrMax });
    this.#moments = moments;
    this.#random = plan.layers.some((l) => l.kind === "dropout");
    this.#statistics = plan.tensors.filter((t) => t.statistic);
  }

  get K(): Int32Array {
    return this.#arena.i32(this.#at.K, this.plan.parameters);
  }

  weights(): Float32Array {
    return this.#arena.f32(this.#at.weights, this.plan.parameters);
  }

  residual(slot: number): Float32Array {
    return this.#arena.f32(this.#residualAt(slot), this.plan.parameters * (1 + this.#moments));
  }

  setInitial(w0: Float32Array): void {
    if (w0.length !== this.plan.parameters) throw new Error(`engine: ${w0.length} first weights, the model has ${this.plan.parameters}`);
    let bad = 0; // PERF: findIndex takes 20 ns a weight
    while (bad < w0.length && Number.isFinite(w0[bad])) bad++;
    if (bad < w0.length) {
      const tensor = this.plan.tensors.find((t) => bad >= t.offset && bad < t.offset + t.size);
      throw new Error(`engine: first weight ${bad - (tensor?.offset ?? 0)} of ${tensor?.name} is ${w0[bad]}, want finite numbers`);
    }
    this.#arena.f32(this.#at.initial, w0.length).set(w0);
    this.K.fill(0);
    for (const slot of this.#residuals.keys()) this.residual(slot).fill(0);
    this.makeWeights();
  }

  makeWeights(): void {
    const { quanta, initial, K, weights } = this.#at;
    this.#kernels.makeWeights(quanta, initial, K, weights);
  }

  overdriveByGroup(): number[] {
    return overdriveWords(this.#groups).map((word) => this.#arena.i32(this.#at.quanta + 4 * word, 1)[0] as number);
  }

  addMap(map: Uint8Array, sign: 1 | -1): void {
    if (map.length > this.#mapRoom) throw new Error(`engine: a map of ${map.length} bytes, ${this.plan.parameters} parameters make at most ${this.#mapRoom}`);
    const { quanta, initial, K, weights, map: room } = this.#at;
    this.#arena.u8(room, map.length).set(map);
    if (this.#kernels.addMap(quanta, initial, K, weights, sign, room, map.length) !== 0) {
      throw new Error(`engine: ${map.length} bytes are not the canonical map of ${this.#groups.map((g) => `${g.size} parameters at levels ${g.levels}`).join(", then ")}; nothing was added`);
    }
  }

  step(batch: Batch, slot: number, options: StepOptions): StepResult {
    const lr = rateOf(options.lrBits);
    const residual = this.#residualAt(slot);
    this.#load(batch, this.batchSize);
    this.#loadSeed(options.random);
    this.#network.forward(this.batchSize, true);
    const loss = this.#network.lossOf(this.batchSize);
    const { gradient, map, signs, quanta, info, moments } = this.#at;
    const [correct = 0] = this.#arena.i32(info, 1);
    const nothing = (l: number): StepResult => ({ loss: l, correct, isNull: true, overdrive: 0, map: new Uint8Array(this.#groups.length) });
    if (!Number.isFinite(loss)) return nothing(Number.NaN);
    this.#network.backward(this.batchSize);
    const n = this.plan.parameters;
    // A factor of 1 leaves the step as it is, and what is a step is clamped no more.
    let [rate, most] = [lr, GRADIENT_BOUND];
    if (!this.#update.plain || this.#statistics.length > 0) {
      for (const t of this.#statistics) this.#kernels.zero(t.size, gradient + 4 * t.offset);
      if (!this.#update.run(lr, timeOf(options.time, this.#moments), { now: residual + 4 * n, next: moments })) return nothing(loss);
      this.#network.statistics();
      [rate, most] = [1, Infinity];
    } else if (lr < this.#rateThatFires) {
      if (this.#kernels.limit(n, gradient, GRADIENT_BOUND) === 0) return nothing(loss);
    }
    const start = this.#kernels.quantise(quanta, n, residual, gradient, rate, most, map, signs, info) >>> 0;
    if (start === 0) return nothing(loss);
    if (this.#moments > 0) this.#kernels.copyRows(this.#moments, n, moments, n, residual + 4 * n, n);
    const [length = 0, overdrive = 0] = this.#arena.i32(info, 2);
    return { loss, correct, isNull: false, overdrive, map: this.#arena.u8(start, length).slice() };
  }

  evaluate(batch: Batch, rows: number): { loss: Float32Array; correct: number } {
    this.#load(batch, rows);
    this.#network.forward(rows, false);
    this.#network.lossOf(rows);
    const [correct = 0] = this.#arena.i32(this.#at.info, 1);
    return { loss: canonical(this.#arena.f32(this.#at.losses, rows).slice()), correct };
  }

  predict(x: Float32Array, rows: number): Float32Array {
    this.#loadInputs(x, rows);
    this.#network.forward(rows, false);
    return canonical(this.#arena.f32(this.#network.predictions(rows), rows * this.plan.outputSize).slice());
  }

  gradient(batch: Batch, random?: Uint8Array): { loss: number; correct: number; gradient: Float32Array } {
    this.#load(batch, this.batchSize);
    this.#loadSeed(random);
    this.#network.forward(this.batchSize, true);
    const loss = this.#network.lossOf(this.batchSize);
    const [correct = 0] = this.#arena.i32(this.#at.info, 1);
    this.#network.backward(this.batchSize);
    this.#network.statistics();
    return { loss, correct, gradient: canonical(this.#arena.f32(this.#at.gradient, this.plan.parameters).slice()) };
  }

  #residualAt(slot: number): number {
    let address = this.#residuals.get(slot);
    if (address === undefined) {
      if (!Number.isSafeInteger(slot) || slot < 0) throw new Error(`engine: slot ${slot}, want a whole number of 0 or more`);
      address = this.#arena.reserve(this.plan.parameters * 4 * (1 + this.#moments), `the residual of slot ${slot}`);
      this.#residuals.set(slot, address);
    }
    return address;
  }

  #load(batch: Batch, rows: number): void {
    this.#loadInputs(batch.x, rows);
    const N = this.plan.outputSize;
    if (this.#network.loss === "softmaxCrossEntropy") {
      if (!(batch.y instanceof Int32Array)) throw new Error("engine: the cross-entropy takes classes, an Int32Array");
      if (batch.y.length < rows) throw new Error(`engine: ${batch.y.length} classes, want ${rows}`);
      const y = batch.y.subarray(0, rows);
      // A class is an index into the outputs: checked here, once, for both hosts.
      for (const [row, c] of y.entries()) if (c < 0 || c >= N) throw new Error(`engine: row ${row} has class ${c}, want 0 to ${N - 1}`);
      this.#arena.i32(this.#at.y, rows).set(y);
    } else {
      if (!(batch.y instanceof Float32Array)) throw new Error(`engine: the loss ${this.#network.loss} takes target rows, a Float32Array`);
      if (batch.y.length < rows * N) throw new Error(`engine: ${batch.y.length} target values, want ${rows * N}`);
      this.#arena.f32(this.#at.y, rows * N).set(batch.y.subarray(0, rows * N));
    }
  }

  #loadInputs(x: Float32Array, rows: number): void {
    if (!Number.isSafeInteger(rows) || rows < 1 || rows > this.batchSize) throw new Error(`engine: ${rows} rows, want 1 to ${this.batchSize}`);
    const size = rows * this.plan.inputSize;
    if (x.length < size) throw new Error(`engine: ${x.length} input values, want ${size}`);
    const used = x.length === size ? x : x.subarray(0, size);
    const { vocabulary } = this.plan;
    if (vocabulary !== undefined) {
      // An index is an address: checked here, once, for both hosts.
      const isIndex = (v: number): boolean => v >= 0 && v < vocabulary && Number.isInteger(v);
      let bad = 0; // PERF: as in setInitial
      while (bad < size && isIndex(used[bad] as number)) bad++;
      if (bad < size) throw new Error(`engine: row ${Math.floor(bad / this.plan.inputSize)} has index ${used[bad]}, want whole numbers from 0 to ${vocabulary - 1}`);
    }
    this.#arena.f32(this.#at.x, size).set(used);
  }

  #loadSeed(random: Uint8Array | undefined): void {
    if (!this.#random) return;
    if (random === undefined || random.length < 16) throw new Error("engine: the model has dropout layers, which take random: 16 bytes or more");
    this.#arena.u8(this.#at.seed, 16).set(random.subarray(0, 16));
  }
}

export function checkFits(plan: ModelPlan, batchSize: number, moments = 0): void {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new Error(`engine: batch size ${batchSize}, want a whole number of 1 or more`);
  const bytes = memoryBytes(plan, batchSize, moments);
  if (bytes > BigInt(MEMORY_LIMIT)) {
    throw new Error(`engine: ${plan.parameters} parameters at batch ${batchSize} take ${bytes} bytes, an engine holds ${MEMORY_LIMIT}: use a smaller model or batch`);
  }
}

const bits = new DataView(new ArrayBuffer(4));

function rateOf(lrBits: number): number {
  bits.setUint32(0, lrBits);
  if (lrBits < 0x0080_0000 || lrBits >= 0x7f80_0000) throw new Error(`engine: learning rate bits ${lrBits}, want those of a positive normal binary32`);
  return bits.getFloat32(0);
}

function timeOf(time: bigint | undefined, moments: number): bigint {
  if (time === undefined ? moments > 0 : time < 1n) throw new Error(`engine: time ${time}, want the number of the slot's iteration, from 1`);
  return time ?? 1n;
}

function layOut(quanta: readonly QuantumGroup[], plan: ModelPlan): Group[] {
  if (quanta.length > MAX_GROUPS) throw new Error(`engine: ${quanta.length} quantum groups, want at most ${MAX_GROUPS}`);
  for (const { quantumLog2: log2, levels, statistics } of quanta) {
    if (!Number.isInteger(log2) || log2 < LEAST_QUANTUM || log2 > largestQuantum(statistics)) throw new Error(`engine: quantum 2^${log2}, want 2^${LEAST_QUANTUM} to 2^${largestQuantum(statistics)}`);
    if (!Number.isInteger(levels) || levels < 1 || levels >= 2 ** 24) throw new Error(`engine: levels ${levels}, want 1 to ${2 ** 24 - 1}`);
  }
  return groupsOf(quanta, plan.tensors);
}

/** One NaN leaves the engine, whichever its arithmetic made: the bits of others differ between machines. */
function canonical(values: Float32Array): Float32Array {
  const raw = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < raw.length; i++) if (((raw[i] as number) & 0x7fff_ffff) > 0x7f80_0000) raw[i] = 0x7fc0_0000;
  return values;
}
