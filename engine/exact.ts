/** The exact profile: state K, weights and residuals in one memory, iterations over a host's kernels. */
import { activationOf, type ModelPlan, checkLoss, memoryBytes, memoryTable } from "#engine/topology/index.js";
import type { Host } from "#engine/kernels.js";
import { Arena, MEMORY_LIMIT } from "#engine/memory.js";
import { type Addresses, Network } from "#engine/network.js";
import type { Batch, Engine, EngineOptions, Profile, StepOptions, StepResult } from "#engine/types.js";

/** What a profile has of its own: the way from weights and batch to losses and gradient. State and maps are the exact ones of every profile. */
export interface Arithmetic {
  readonly profile: Profile;
  network(arena: Arena, host: Host, at: Addresses): Pick<Network, "loss" | "output" | "forward" | "lossOf" | "backward">;
}

const EMPTY_MAP = Uint8Array.of(0);

export class ExactEngine implements Engine {
  readonly profile: Profile;
  readonly host: "wasm" | "native";
  readonly batchSize: number;
  readonly #arena: Arena;
  readonly #network: ReturnType<Arithmetic["network"]>;
  readonly #kernels: Host["kernels"];
  readonly #at: Record<"initial" | "K" | "weights" | "gradient" | "map" | "signs" | "info" | "x" | "y" | "losses" | "predictions", number>;
  readonly #mapRoom: number;
  readonly #residuals = new Map<number, number>();
  #quantum = 1;

  constructor(
    readonly plan: ModelPlan,
    options: EngineOptions,
    host: Host,
    arithmetic?: Arithmetic,
  ) {
    const { batchSize, loss } = options;
    this.profile = arithmetic?.profile ?? "wasm-f32-1";
    checkLoss(plan, loss);
    checkFits(plan, batchSize);
    this.host = host.name;
    this.batchSize = batchSize;
    this.#kernels = host.kernels;
    const arena = (this.#arena = new Arena(host.memory));
    const sizes = memoryTable(plan, batchSize);
    const reserve = (what: keyof typeof sizes) => arena.reserve(Number(sizes[what]), what);
    const [initial, K, weights, gradient] = [reserve("initial"), reserve("K"), reserve("weights"), reserve("gradient")];
    const [map, signs, packed, columns] = [reserve("map"), reserve("signs"), reserve("packed"), reserve("columns")];
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
    this.#mapRoom = Number(sizes.map);
    this.#at = { initial, K, weights, gradient, map, signs, info, x, y, losses, predictions: errors };
    const second = errors + Number(sizes.errors) / 2;
    const at: Addresses = { weights, gradient, packed, columns, x, y, losses, correct: info, activations, errors: [errors, second] };
    this.#network = arithmetic?.network(arena, host, at) ?? new Network(plan, loss, batchSize, host.kernels, at, table);
  }

  get K(): Int32Array {
    return this.#arena.i32(this.#at.K, this.plan.parameters);
  }

  weights(): Float32Array {
    return this.#arena.f32(this.#at.weights, this.plan.parameters);
  }

  residual(slot: number): Float32Array {
    return this.#arena.f32(this.#residualAt(slot), this.plan.parameters);
  }

  setInitial(w0: Float32Array): void {
    if (w0.length !== this.plan.parameters) throw new Error(`engine: ${w0.length} first weights, the model has ${this.plan.parameters}`);
    const bad = w0.findIndex((w) => !Number.isFinite(w));
    if (bad >= 0) {
      const tensor = this.plan.tensors.find((t) => bad >= t.offset && bad < t.offset + t.size);
      throw new Error(`engine: first weight ${bad - (tensor?.offset ?? 0)} of ${tensor?.name} is ${w0[bad]}, want finite numbers`);
    }
    this.#arena.f32(this.#at.initial, w0.length).set(w0);
    this.K.fill(0);
    for (const slot of this.#residuals.keys()) this.residual(slot).fill(0);
    this.#makeWeights();
  }

  setQuantum(log2: number): void {
    this.#quantum = quantumOf(log2);
    this.#makeWeights();
  }

  addMap(map: Uint8Array, levels: number, sign: 1 | -1): void {
    if (map.length > this.#mapRoom) throw new Error(`engine: a map of ${map.length} bytes, ${this.plan.parameters} parameters make at most ${this.#mapRoom}`);
    checkLevels(levels);
    const { initial, K, weights, map: room } = this.#at;
    this.#arena.u8(room, map.length).set(map);
    if (this.#kernels.addMap(this.plan.parameters, initial, K, weights, this.#quantum, levels, sign, room, map.length) !== 0) {
      throw new Error(`engine: ${map.length} bytes are not the canonical map of ${this.plan.parameters} parameters at levels ${levels}; nothing was added`);
    }
  }

  step(batch: Batch, slot: number, options: StepOptions): StepResult {
    const { lrBits, quantumLog2, levels } = options;
    const lr = rateOf(lrBits);
    checkLevels(levels);
    const quantum = quantumOf(quantumLog2);
    if (quantum !== this.#quantum) this.setQuantum(quantumLog2);
    const residual = this.#residualAt(slot);
    this.#load(batch, this.batchSize);
    this.#network.forward(this.batchSize, true);
    const loss = this.#network.lossOf(this.batchSize);
    const { gradient, map, signs, info } = this.#at;
    const [correct = 0] = this.#arena.i32(info, 1);
    if (!Number.isFinite(loss)) return { loss: Number.NaN, correct, isNull: true, overdrive: 0, map: EMPTY_MAP.slice() };
    this.#network.backward(this.batchSize);
    const start = this.#kernels.quantise(this.plan.parameters, residual, gradient, lr, quantum, 1 / quantum, levels, map, signs, info) >>> 0;
    if (start === 0) return { loss, correct, isNull: true, overdrive: 0, map: EMPTY_MAP.slice() };
    const [length = 0, overdrive = 0] = this.#arena.i32(info, 2);
    return { loss, correct, isNull: false, overdrive, map: this.#arena.u8(start, length).slice() };
  }

  evaluate(batch: Batch, rows: number): { loss: Float32Array; correct: number } {
    this.#load(batch, rows);
    this.#network.forward(rows);
    this.#network.lossOf(rows);
    const [correct = 0] = this.#arena.i32(this.#at.info, 1);
    return { loss: canonical(this.#arena.f32(this.#at.losses, rows).slice()), correct };
  }

  predict(x: Float32Array, rows: number): Float32Array {
    this.#loadInputs(x, rows);
    this.#network.forward(rows);
    const N = this.plan.outputSize;
    const last = this.plan.layers.filter((l) => l.kind !== "shape").at(-1);
    let at = this.#network.output;
    if (last !== undefined && activationOf(last) === "softmax") {
      at = this.#at.predictions;
      this.#kernels.softmax(rows, N, this.#network.output, at);
    }
    return canonical(this.#arena.f32(at, rows * N).slice());
  }

  gradient(batch: Batch): { loss: number; correct: number; gradient: Float32Array } {
    this.#load(batch, this.batchSize);
    this.#network.forward(this.batchSize, true);
    const loss = this.#network.lossOf(this.batchSize);
    const [correct = 0] = this.#arena.i32(this.#at.info, 1);
    this.#network.backward(this.batchSize);
    return { loss, correct, gradient: canonical(this.#arena.f32(this.#at.gradient, this.plan.parameters).slice()) };
  }

  #residualAt(slot: number): number {
    let address = this.#residuals.get(slot);
    if (address === undefined) {
      if (!Number.isSafeInteger(slot) || slot < 0) throw new Error(`engine: slot ${slot}, want a whole number of 0 or more`);
      address = this.#arena.reserve(this.plan.parameters * 4, `the residual of slot ${slot}`);
      this.#residuals.set(slot, address);
    }
    return address;
  }

  #makeWeights(): void {
    const { initial, K, weights } = this.#at;
    this.#kernels.makeWeights(this.plan.parameters, initial, K, this.#quantum, weights);
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
      if (!(batch.y instanceof Float32Array)) throw new Error("engine: the mean squared error takes target rows, a Float32Array");
      if (batch.y.length < rows * N) throw new Error(`engine: ${batch.y.length} target values, want ${rows * N}`);
      this.#arena.f32(this.#at.y, rows * N).set(batch.y.subarray(0, rows * N));
    }
  }

  #loadInputs(x: Float32Array, rows: number): void {
    if (!Number.isSafeInteger(rows) || rows < 1 || rows > this.batchSize) throw new Error(`engine: ${rows} rows, want 1 to ${this.batchSize}`);
    const size = rows * this.plan.inputSize;
    if (x.length < size) throw new Error(`engine: ${x.length} input values, want ${size}`);
    this.#arena.f32(this.#at.x, size).set(x.length === size ? x : x.subarray(0, size));
  }
}

export function checkFits(plan: ModelPlan, batchSize: number): void {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new Error(`engine: batch size ${batchSize}, want a whole number of 1 or more`);
  const bytes = memoryBytes(plan, batchSize);
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

function quantumOf(log2: number): number {
  if (!Number.isInteger(log2) || log2 < -40 || log2 > 0) throw new Error(`engine: quantum 2^${log2}, want 2^-40 to 2^0`);
  return 1 / 2 ** -log2;
}

function checkLevels(levels: number): void {
  if (!Number.isInteger(levels) || levels < 1 || levels >= 2 ** 24) throw new Error(`engine: levels ${levels}, want 1 to ${2 ** 24 - 1}`);
}

/** One NaN leaves the engine, whichever its arithmetic made: the bits of others differ between machines. */
function canonical(values: Float32Array): Float32Array {
  const raw = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < raw.length; i++) if (((raw[i] as number) & 0x7fff_ffff) > 0x7f80_0000) raw[i] = 0x7fc0_0000;
  return values;
}
