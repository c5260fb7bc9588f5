/** The scoring thread's entry: one task, then it ends. */
import "#platform/install.js";
import { parentPort, workerData } from "node:worker_threads";
import { score, type ScoreInput } from "./score.js";

const port = parentPort;
if (!port) throw new Error("evaluator/worker.ts runs as a worker thread only");
port.postMessage(await score((workerData as { data: ScoreInput }).data));
