/**
 * Training speed of the exact engine: samples a second of whole iterations (gradient, quantise, encode,
 * add the map), by host and batch, and what adding a peer's map costs. Digests are
 * asserted first: a fast engine with other bits is no engine. One JSON line each with --json.
 */
import { createEngine } from "#engine/index.js";
import { bitsOf, classes, denseTopology, firstWeights, planOf, uniform } from "#engine/testing/models.js";
import { run } from "#engine/testing/run.js";

const ROUNDS = 7;
const MILLISECONDS = 300;
const plan = planOf(denseTopology(784, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }));
const rate = { lr: 0.1, quantumLog2: -8, levels: 1 };
const step = { lrBits: bitsOf(rate.lr), quantumLog2: rate.quantumLog2, levels: rate.levels };
const json = process.argv.includes("--json");

/** Median over rounds of microseconds a call. */
function time(f: () => void): number {
  for (let i = 0; i < 200; i++) f();
  const rounds: number[] = [];
  for (let r = 0; r < ROUNDS; r++) {
    const start = performance.now();
    let calls = 0;
    let passed = 0;
    do {
      for (let i = 0; i < 20; i++) f();
      calls += 20;
      passed = performance.now() - start;
    } while (passed < MILLISECONDS);
    rounds.push((passed * 1000) / calls);
  }
  return rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
}

const hosts: ("wasm" | "native")[] = ["wasm"];
if ((await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 1 })).host === "native") hosts.push("native");

const digests = new Set<string>();
for (const host of hosts) digests.add(JSON.stringify(await run(plan, { loss: "softmaxCrossEntropy", batchSize: 32, host }, 50, rate)));
if (digests.size !== 1) throw new Error("bench: hosts disagree in their digests, no speed is worth reporting");

for (const host of hosts) {
  for (const batch of [32, 100, 128]) {
    const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: batch, host });
    engine.setInitial(firstWeights(plan, 5));
    const data = Array.from({ length: 8 }, (_, i) => ({ x: uniform(batch * 784, 1, i + 1), y: classes(batch, 10, i + 100) }));
    // The maps go to a peer: the state stays where the gradients are large, as early in training.
    const peer = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 1, host });
    peer.setInitial(firstWeights(plan, 5));
    peer.setQuantum(rate.quantumLog2);
    let i = 0;
    let mapBytes = 0;
    let last = Uint8Array.of(0);
    const iteration = time(() => {
      last = engine.step(data[i++ % 8] as (typeof data)[number], 0, step).map as Uint8Array<ArrayBuffer>;
      mapBytes += last.length;
      peer.addMap(last, 1, i % 2 ? 1 : -1);
    });
    mapBytes = Math.round(mapBytes / i);
    const forward = time(() => engine.evaluate(data[i++ % 8] as (typeof data)[number], batch));
    const add = time(() => peer.addMap(last, 1, i++ % 2 ? 1 : -1));
    const line = { host, model: "mlp", batch, samplesPerSecond: Math.round((batch * 1e6) / iteration), microsecondsAnIteration: Math.round(iteration), microsecondsForward: Math.round(forward), microsecondsToAddAMap: Number(add.toFixed(1)), mapBytes };
    console.log(json ? JSON.stringify(line) : `${host.padEnd(7)} mlp 784-128-64-10  batch ${String(batch).padStart(3)}  ${String(line.samplesPerSecond).padStart(7)} samples/s  ${line.microsecondsAnIteration} µs an iteration (the forward pass and loss alone ${line.microsecondsForward} µs), adding a map of ${mapBytes} bytes ${line.microsecondsToAddAMap} µs`);
  }
}
