/**
 * `scripts/record-chain`: records a chain for the determinism test. Without --node it starts a network of its own,
 * runs the scenario there and takes the network down again.
 */
import "#platform/install.js";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { assemble } from "#app/assemble.js";
import { repositoryRoot } from "#platform/entry.js";
import { coverageOf, lacking } from "./coverage.js";
import { recordFromRpc } from "./from-rpc.js";
import { writeRecording } from "./recording.js";
import { recordScenario } from "./scenario.js";

interface Given {
  node?: string;
  genesis?: string;
  out: string;
}
const { node, genesis, out } = new Command("record-chain")
  .description("Records every ABCI request of a chain with the app hashes that its network agreed on.")
  .option("--node <url>", "RPC of a running node; without it a network of its own is started")
  .option("--genesis <file>", "the node's genesis file, for the exact bytes of app_state")
  .option("--out <file>", "where to write", join(repositoryRoot, "test", "determinism", "chain.gz"))
  .parse()
  .opts<Given>();

const say = (line: string): void => console.error(line);
try {
  const recording = node ? await recordFromRpc(node, genesis === undefined ? undefined : readFileSync(genesis, "utf8")) : await recordScenario(say);
  const { messages, blocksWithAbsentVotes } = coverageOf(recording);
  for (const [typeUrl, { succeeded, failed }] of [...messages].sort()) say(`  ${typeUrl}  ${succeeded}${failed > 0 ? `, ${failed} failed` : ""}`);
  const missing = [...assemble().messages.keys()].filter((typeUrl) => !messages.has(typeUrl));
  say(`  never sent: ${missing.join(", ") || "none"}`);
  const lacks = lacking(recording);
  if (!node && lacks.length > 0) {
    writeRecording(`${out}.incomplete`, recording);
    throw new Error(`this run lacks ${lacks.join(", ")}. It is in ${out}.incomplete, and ${out} is as before. A busy machine makes miners late: try again on a quiet one.`);
  }
  writeRecording(out, recording);
  say(`${recording.blocks.length} blocks (${blocksWithAbsentVotes} with absent votes), ${statSync(out).size} bytes in ${out}`);
  process.exit(0);
} catch (e) {
  console.error(`✖ ${(e as Error).message}`);
  process.exit(1);
}
