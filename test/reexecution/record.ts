/** `record FOLDER ITERATIONS`: a training run by the miner's code, its log and residuals in a database at FOLDER. */
import "#platform/install.js";
import { Database } from "#platform/level.js";
import { engineOf, record } from "../../bench/training/recording.js";
import { taskFor, write } from "./log.js";

const [folder, text] = process.argv.slice(2);
const iterations = Number(text);
if (!folder || !Number.isSafeInteger(iterations) || iterations < 1) {
  console.error("✖ want a folder, and a number of iterations of 1 or more");
  process.exit(2);
}
const task = await taskFor(iterations);
const start = performance.now();
const recording = await record(task, Math.ceil(iterations / task.spec.slots));
const db = await Database.open(folder);
await write(db, recording);
await db.close();
console.log(JSON.stringify({ node: process.version, host: (await engineOf(task)).host, task: task.name, iterations, seconds: (performance.now() - start) / 1000 }));
