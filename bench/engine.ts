/**
 * Training speed of the exact engine: samples a second of whole iterations (gradient, quantise, encode, add the map), by
 * host, model and batch, PyTorch with one thread in the same run when there is one. Rounds of the sides follow each
 * other. Digests are asserted first: a fast engine with other bits is no engine. One JSON line each with --json.
 */
import { createEngine } from "#engine/index.js";
import { bitsOf, classes, denseTopology, firstWeights, GRU, LENET, planOf, TRANSFORMER, uniform } from "#engine/testing/models.js";
import { run } from "#engine/testing/run.js";
import { json, median, quick, ratioOf, round, takeTurns } from "./measure.js";
import { startTorch } from "./torch/torch.js";

const ROUNDS = quick ? 1 : 7;
const MILLISECONDS = quick ? 20 : 300;
const WARM_MILLISECONDS = quick ? 5 : 200;
const rate = { lr: 0.1, quantumLog2: -8, levels: 1 };
const step = { lrBits: bitsOf(rate.lr), quantumLog2: rate.quantumLog2, levels: rate.levels };

const MODELS = [
  { name: "mlp", topology: denseTopology(784, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }), batches: [32, 100, 128] },
  { name: "lenet", topology: LENET, batches: [32, 100, 128] },
  { name: "gru", topology: GRU, batches: [32, 128] },
  { name: "transformer", topology: TRANSFORMER, batches: [32] },
] as const;
type Where = "wasm" | "native";

const hosts: Where[] = ["wasm"];
const probe = planOf(MODELS[0].topology);
if ((await createEngine(probe, { loss: "softmaxCrossEntropy", batchSize: 1 })).host === "native") hosts.push("native");

for (const { topology, name } of MODELS) {
  const digests = new Set<string>();
  for (const host of hosts) digests.add(JSON.stringify(await run(planOf(topology), { loss: "softmaxCrossEntropy", batchSize: 32, host }, 20, rate)));
  if (digests.size !== 1) throw new Error(`bench: hosts disagree in their digests of ${name}, no speed is worth reporting`);
}

/** A trainer of one host, as a function that trains for so long and answers samples a second. */
async function trainer(topology: string, batch: number, host: Where): Promise<(ms: number) => number> {
  const plan = planOf(topology);
  const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: batch, host });
  engine.setInitial(firstWeights(plan, 5));
  const data = Array.from({ length: 8 }, (_, i) => ({ x: plan.vocabulary === undefined ? uniform(batch * plan.inputSize, 1, i + 1) : Float32Array.from(classes(batch * plan.inputSize, plan.vocabulary, i + 1)), y: classes(batch, plan.outputSize, i + 100) }));
  let sign: 1 | -1 = 1;
  return (ms) => {
    const start = performance.now();
    let steps = 0;
    for (;;) {
      for (const d of data) {
        // Added and taken away in turn: the state stays where the gradients are large, as early in training.
        engine.addMap(engine.step(d, 0, step).map, 1, sign);
        sign = sign > 0 ? -1 : 1;
      }
      steps += data.length;
      const passed = performance.now() - start;
      if (passed >= ms) return (batch * steps * 1000) / passed;
    }
  };
}

const torch = await startTorch();
if ("reason" in torch) console.error(`without PyTorch: ${torch.reason}`);
else console.error(`beside PyTorch ${torch.version}, one thread`);
try {
  for (const { name, topology, batches } of MODELS) {
    for (const batch of batches) {
      const sides: Record<string, (round: number) => number | Promise<number>> = {};
      for (const host of hosts) {
        const train = await trainer(topology, batch, host);
        train(WARM_MILLISECONDS);
        sides[host] = () => train(MILLISECONDS);
      }
      if (!("reason" in torch)) {
        await torch.samplesPerSecond(name, batch, WARM_MILLISECONDS);
        sides.torch = () => torch.samplesPerSecond(name, batch, MILLISECONDS);
      }
      const rates = await takeTurns(ROUNDS, sides);
      for (const host of hosts) {
        const own = rates[host] as number[];
        const line = { host, model: name, batch, samplesPerSecond: round(median(own)), ...(rates.torch ? { torch1: round(median(rates.torch)), ratioToTorch1: round(ratioOf(own, rates.torch), 2) } : {}), ...(quick ? { quick } : {}) };
        const beside = rates.torch ? `  torch ${String(line.torch1).padStart(7)}  ratio ${line.ratioToTorch1}` : "";
        console.log(json ? JSON.stringify(line) : `engine        ${`${name}, batch ${batch}, ${host}`.padEnd(44)} ${String(line.samplesPerSecond).padStart(9)} samples/s${beside}`);
      }
    }
  }
  if (!("reason" in torch)) {
    const line = { peakBytes: process.memoryUsage.rss(), torchPeakBytes: await torch.peakBytes() };
    console.log(json ? JSON.stringify(line) : `engine        memory of this process with all engines ${round(line.peakBytes / 2 ** 20)} MiB, torch at its peak ${round(line.torchPeakBytes / 2 ** 20)} MiB`);
  }
} finally {
  if (!("reason" in torch)) torch.stop();
}
