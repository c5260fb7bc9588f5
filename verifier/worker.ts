/** The compute thread's entry: takes messages in order. A thread that cannot open its task ends with the reason. */
import "#platform/install.js";
import { parentPort, workerData } from "node:worker_threads";
import { Compute, type ComputeSetup } from "./compute.js";
import { type FromCompute, type ToCompute } from "./thread.js";

const port = parentPort;
if (!port) throw new Error("verifier/worker.ts runs as a worker thread only");
const say = (m: FromCompute): void => port.postMessage(m);

const compute = await Compute.open((workerData as { data: ComputeSetup }).data);
port.on("message", (m: ToCompute) => {
  if (m.kind === "learn") return compute.learn(m.update);
  const { id, input, stop } = m;
  const progress = (done: number, total: number): void => {
    if (Atomics.load(stop, 0) !== 0) throw new Error("the re-run is not wanted any more");
    say({ kind: "progress", id, done, total });
  };
  try {
    say({ kind: "outcome", id, outcome: compute.run(input, progress) });
  } catch (e) {
    say({ kind: "failed", id, error: (e as Error).stack ?? String(e) });
  }
});
