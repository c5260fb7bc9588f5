/** `verify FOLDER ITERATIONS SEED HOST`: re-executes what record wrote, and refuses each of it with a flipped bit. */
import "#platform/install.js";
import { Database } from "#platform/level.js";
import { fromHex } from "#kernel/bytes.js";
import { engineOf } from "../../bench/training/recording.js";
import { read, taskFor } from "./log.js";
import { reExecute } from "./re-execute.js";

const [folder, iterations, seed, host] = process.argv.slice(2);
if (!folder || !iterations || !seed || (host !== "wasm" && host !== "auto")) {
  console.error("✖ want a folder, a number of iterations, a seed in hexadecimal digits, and wasm or auto");
  process.exit(2);
}
try {
  const task = await taskFor(Number(iterations));
  const db = await Database.open(folder);
  const recording = await read(db, task);
  await db.close();
  const engine = await engineOf(task, host);
  const start = performance.now();
  const { accepted, refused } = await reExecute(recording, engine, Number(iterations), fromHex(seed));
  console.log(JSON.stringify({ node: process.version, host: engine.host, accepted, seconds: (performance.now() - start) / 1000, refused }));
} catch (e) {
  console.error(`✖ ${process.version}, seed ${seed}: ${(e as Error).message}`);
  process.exit(1);
}
