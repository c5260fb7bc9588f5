/**
 * Training speed of the exact engine: samples a second of whole iterations (gradient, quantise, encode, add the map), by
 * host, model and batch, and beside them PyTorch, TensorFlow and tfjs-node with one thread each, where they are there. Every
 * side of a row is a process of its own, so the peak memory is that row's; their rounds follow each other. Digests are asserted
 * first: a fast engine with other bits is no engine. One JSON line a side with --json.
 *
 *   POUWD_PYTHON     a Python that has torch; default python3
 *   POUWD_TF_PYTHON  a Python that has tensorflow; default POUWD_PYTHON
 */
import { oneGroup } from "#engine/quanta.js";
import { join } from "node:path";
import { createEngine } from "#engine/index.js";
import { REFERENCE_MODELS } from "#engine/reference.js";
import { planOf } from "#engine/testing/models.js";
import { run } from "#engine/testing/run.js";
import { entry, repositoryRoot } from "#platform/entry.js";
import { json, median, quick, ratioOf, round, takeTurns } from "./measure.js";
import { baseOf, checkMnist, MNIST, ROWS } from "./models.js";
import { type Side, startSide } from "./side.js";

const ROUNDS = quick ? 1 : 7;
const MILLISECONDS = quick ? 20 : 300;
const WARM_MILLISECONDS = quick ? 5 : 200;
const rate = { lr: 0.1 };

const python = process.env["POUWD_PYTHON"] ?? "python3";
const tensorflowPython = process.env["POUWD_TF_PYTHON"] ?? python;
const own = (host: string) => () => start(entry("bench/own", host));
const start = ({ command, args }: { command: string; args: string[] }) => startSide(command, args);
const script = (command: string, file: string) => startSide(command, [join(repositoryRoot, "bench", "rivals", file)], { POUWD_MNIST: MNIST });

/** By name, with what gives the side to who lacks it. */
const SIDES: Readonly<Record<string, { readonly start: () => Promise<Side | { readonly reason: string }>; readonly remedy: string; readonly only?: readonly string[] }>> = {
  wasm: { start: own("wasm"), remedy: "it always works: report this" },
  native: { start: own("native"), remedy: "npm run build makes them where gcc is" },
  torch: { start: () => script(python, "pytorch.py"), remedy: "pip install torch, and POUWD_PYTHON names its Python" },
  tensorflow: { start: () => script(tensorflowPython, "tensorflow_raw.py"), remedy: "pip install tensorflow-cpu, and POUWD_TF_PYTHON names its Python", only: ["mlp", "lenet"] },
  "tfjs-node": { start: () => start(entry("bench/rivals/tfjs-node")), remedy: "npm install @tensorflow/tfjs-node in some folder, and NODE_PATH names its node_modules", only: ["mlp", "lenet"] },
};

const hosts: ("wasm" | "native")[] = ["wasm"];
const probe = planOf(REFERENCE_MODELS[0].topology);
if ((await createEngine(probe, { loss: REFERENCE_MODELS[0].loss, batchSize: 1 })).host === "native") hosts.push("native");
for (const { topology, name, loss } of REFERENCE_MODELS) {
  const digests = new Set<string>();
  for (const host of hosts) digests.add(JSON.stringify(await run(planOf(topology), { loss, batchSize: 32, host, quanta: oneGroup(planOf(topology), -8) }, 20, rate)));
  if (digests.size !== 1) throw new Error(`bench: hosts disagree in their digests of ${name}, no speed is worth reporting`);
}

const present: string[] = [];
for (const [name, { start, remedy }] of Object.entries(SIDES)) {
  const side = name === "native" && !hosts.includes("native") ? { reason: "no native kernels that pass the self-test" } : await start();
  if ("reason" in side) console.error(`without ${name}: ${side.reason}; ${remedy}`);
  else {
    console.error(`${name} ${side.version}`);
    present.push(name);
    side.stop();
  }
}

checkMnist();
for (const { model, batches } of ROWS) for (const batch of batches) await row(model, batch);

async function row(model: string, batch: number): Promise<void> {
  const sides = new Map<string, Side>();
  try {
    for (const name of present) {
      if (SIDES[name]?.only && !SIDES[name].only.includes(baseOf(model))) continue;
      const side = await (SIDES[name] as (typeof SIDES)[string]).start();
      if ("reason" in side) throw new Error(`bench: ${name} does not start again: ${side.reason}`);
      sides.set(name, side);
      await side.samplesPerSecond(model, batch, WARM_MILLISECONDS);
    }
    const rates = await takeTurns(ROUNDS, Object.fromEntries([...sides].map(([name, side]) => [name, () => side.samplesPerSecond(model, batch, MILLISECONDS)])));
    const peaks = new Map<string, number>();
    for (const [name, side] of sides) peaks.set(name, round((await side.peakBytes()) / 2 ** 20));
    for (const host of sides.keys()) tell(host, model, batch, rates, peaks);
  } finally {
    for (const side of sides.values()) side.stop();
  }
}

/** Fields of a rival are absent where it is. */
function tell(host: string, model: string, batch: number, rates: Readonly<Record<string, number[]>>, peaks: ReadonlyMap<string, number>): void {
  const of = rates[host] as number[];
  const beside = (rival: string) => {
    const r = rates[rival];
    return r ? { rate: round(median(r)), ratio: round(ratioOf(of, r), 2) } : undefined;
  };
  const [torch, tensorflow] = [beside("torch"), beside("tensorflow")];
  const line = {
    host,
    model,
    batch,
    samplesPerSecond: round(median(of)),
    ...(torch ? { torch1: torch.rate, ratioToTorch1: torch.ratio } : {}),
    ...(tensorflow ? { tensorflow1: tensorflow.rate, ratioToTensorflow1: tensorflow.ratio } : {}),
    peakMegabytes: peaks.get(host),
    ...(torch ? { torchPeakMegabytes: peaks.get("torch") } : {}),
    ...(tensorflow ? { tensorflowPeakMegabytes: peaks.get("tensorflow") } : {}),
    ...(quick ? { quick } : {}),
  };
  if (json) return console.log(JSON.stringify(line));
  const ratio = (text: string, r: { ratio: number } | undefined) => (r ? `  ${text} ${r.ratio.toFixed(2).padStart(5)}` : "");
  console.log(`engine        ${`${model}, batch ${batch}, ${host}`.padEnd(32)} ${String(line.samplesPerSecond).padStart(9)} samples/s${ratio("over torch", torch)}${ratio("over TensorFlow", tensorflow)}${`${line.peakMegabytes}`.padStart(7)} MiB`);
}
