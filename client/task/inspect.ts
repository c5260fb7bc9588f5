/** What a model costs: its layers, F, memory, map sizes, and how fast this machine runs its iterations. */
import { createEngine } from "#engine/index.js";
import { activationOf, flop, type LayerPlan, type Loss, memoryBytes, type ModelPlan } from "#engine/topology/index.js";
import { initialWeights } from "#protocol/initial.js";
import { residualInterval } from "#protocol/positions.js";
import { EXACT_PROFILE } from "#protocol/profiles.js";
import { largestMap } from "#protocol/task-spec.js";

export interface InspectedLayer {
  readonly name: string;
  readonly kind: string;
  readonly outputShape: readonly number[];
  readonly parameters: number;
  /** multiply-accumulates of one row, forward */
  readonly macs: bigint;
}

export interface Inspection {
  readonly layers: readonly InspectedLayer[];
  readonly parameters: number;
  readonly batch: number;
  /** F of one iteration (protocol section 9) */
  readonly flop: bigint;
  /** bytes that an engine with one slot takes */
  readonly memoryBytes: bigint;
  /** bytes of a map in which every entry fires */
  readonly largestMapBytes: number;
  /** iterations between two hashed residuals */
  readonly residualInterval: bigint;
}

export interface Measured {
  readonly host: "wasm" | "native";
  readonly iterationsPerSecond: number;
  readonly samplesPerSecond: number;
  /** of the iterations that were timed, on made-up data: real maps shrink as a model learns */
  readonly medianMapBytes: number;
}

export function inspect(plan: ModelPlan, batch: number, levels: number, profile = EXACT_PROFILE): Inspection {
  return {
    layers: plan.layers.map(layerOf),
    parameters: plan.parameters,
    batch,
    flop: flop(plan, batch),
    memoryBytes: memoryBytes(plan, batch),
    largestMapBytes: largestMap(plan.parameters, levels),
    residualInterval: residualInterval(plan.parameters, profile),
  };
}

function layerOf(layer: LayerPlan): InspectedLayer {
  const kernel = "kernel" in layer ? layer.kernel.size : 0;
  const bias = "bias" in layer ? (layer.bias?.size ?? 0) : 0;
  const positions = layer.kind === "conv2d" ? layer.window.positions[0] * layer.window.positions[1] : 1;
  return { name: layer.name, kind: kindOf(layer), outputShape: layer.outputShape, parameters: kernel + bias, macs: BigInt(kernel) * BigInt(positions) };
}

function kindOf(layer: LayerPlan): string {
  if (layer.kind === "pool2d") return `${layer.how} pool`;
  if (layer.kind === "activation") return layer.activation;
  const activation = activationOf(layer);
  return activation === "linear" ? layer.kind : `${layer.kind}, ${activation}`;
}

export interface MeasureOptions {
  readonly loss: Loss;
  readonly batch: number;
  readonly lrBits: number;
  readonly quantumLog2: number;
  readonly levels: number;
  readonly milliseconds: number;
}

/** Runs iterations on made-up data for so long. Throws where the model does not fit an engine. */
export async function measure(plan: ModelPlan, o: MeasureOptions): Promise<Measured> {
  const engine = await createEngine(plan, { loss: o.loss, batchSize: o.batch });
  engine.setInitial(initialWeights(plan, new Uint8Array(32)));
  const x = Float32Array.from({ length: o.batch * plan.inputSize }, (_, i) => ((i * 7919) % 1000) / 1000);
  const y = o.loss === "softmaxCrossEntropy" ? Int32Array.from({ length: o.batch }, (_, i) => i % plan.outputSize) : Float32Array.from({ length: o.batch * plan.outputSize }, (_, i) => (i % 3) / 3);
  const bytes: number[] = [];
  const iterate = (): void => {
    const { map } = engine.step({ x, y }, 0, o);
    engine.addMap(map, o.levels, 1);
    bytes.push(map.length);
  };
  iterate(); // compiles, and touches all memory
  const start = performance.now();
  let passed = 0;
  let n = 0;
  do {
    iterate();
    n++;
    passed = performance.now() - start;
  } while (passed < o.milliseconds);
  const rate = (n * 1000) / passed;
  return { host: engine.host, iterationsPerSecond: rate, samplesPerSecond: rate * o.batch, medianMapBytes: bytes.toSorted((a, b) => a - b)[bytes.length >> 1] as number };
}
