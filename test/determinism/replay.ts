/**
 * Replays a recorded chain: `replay FILE` prints `height appHash` for each height, and ends with 1 at the first that
 * differs from the recording. From source: node --conditions=source --import tsx test/determinism/replay.ts FILE
 */
import "#platform/install.js";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecording } from "./recording.js";
import { Divergence, replay } from "./replayer.js";

const [file] = process.argv.slice(2);
if (!file) {
  console.error("✖ want the file of a recorded chain: test/determinism/chain.gz");
  process.exit(2);
}
const dir = mkdtempSync(join(tmpdir(), "replay-"));
const lines: string[] = [];
let failure: string | undefined;
try {
  await replay(readRecording(file), { dir, said: (height, appHash) => lines.push(`${height} ${appHash}`) });
} catch (e) {
  failure = e instanceof Divergence ? e.message : ((e as Error).stack ?? String(e));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
// One write: standard output to a pipe may otherwise be cut by the exit.
process.stdout.write(lines.map((l) => `${l}\n`).join(""), () => {
  if (failure) console.error(`✖ ${failure}`);
  process.exitCode = failure ? 1 : 0;
});
