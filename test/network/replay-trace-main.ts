/** `scripts/replay-trace FOLDER`: see traces.ts. */
import "#platform/install.js";
import { statSync } from "node:fs";
import { replayFolder } from "./traces.js";

const [folder] = process.argv.slice(2);
if (!folder || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
  console.error(`✖ ${folder ? `${folder} is no folder. ` : ""}Name the folder of the traces, which daemons write where POUWD_TRACE names it.`);
  process.exit(1);
}
try {
  const replayed = replayFolder(folder);
  for (const r of replayed) console.log(`${r.file}: ${r.steps} steps of a ${r.machine}, ${r.effects} effects, the same`);
  if (replayed.length === 0) throw new Error(`${folder} holds no trace`);
} catch (e) {
  console.error(`✖ ${(e as Error).message}`);
  process.exit(1);
}
