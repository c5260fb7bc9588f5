/** Traces that daemons of a real network wrote (POUWD_TRACE), replayed through the machines: every step has the effects that it had. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { MinerMachine, type MinerFacts } from "#miner/machine.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type Machine, type Replayed, replayTrace } from "#protocol/machine.js";
import { SupervisorMachine, type SupervisorFacts } from "#supervisor/machine.js";

const MACHINES: Readonly<Record<string, (setup: unknown) => Machine<never, unknown>>> = {
  miner: (setup) => new MinerMachine(nodeCrypto, setup as MinerFacts) as Machine<never, unknown>,
  supervisor: (setup) => new SupervisorMachine(nodeCrypto, setup as SupervisorFacts) as Machine<never, unknown>,
};

function make(kind: string, setup: unknown): Machine<unknown, unknown> {
  const machine = MACHINES[kind]?.(setup);
  if (!machine) throw new Error(`a trace of ${JSON.stringify(kind)}, want one of ${Object.keys(MACHINES).join(", ")}`);
  return machine as Machine<unknown, unknown>;
}

/** Whole lines of a file; a last one without an end was cut off with its process. */
function* linesOf(path: string): Generator<string> {
  const file = openSync(path, "r");
  const chunk = Buffer.alloc(1 << 20);
  let rest = "";
  try {
    for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) {
      const lines = (rest + chunk.toString("latin1", 0, n)).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) yield Buffer.from(line, "latin1").toString("utf8");
    }
  } finally {
    closeSync(file);
  }
}

/** Replays every trace of a folder. Throws with the file's name at the first step that differs. */
export function replayFolder(folder: string): (Replayed & { readonly file: string })[] {
  return readdirSync(folder)
    .filter((f) => f.endsWith(".jsonl"))
    .sort()
    .map((file) => {
      try {
        return { file, ...replayTrace(linesOf(join(folder, file)), make) };
      } catch (e) {
        throw new Error(`${file}: ${(e as Error).message}`);
      }
    });
}

/** Environment for a network's launcher: these processes write traces into the folder. */
export const tracing = (folder: string, processes: readonly string[]): Record<string, string> => Object.fromEntries(processes.map((p) => [`${p}.POUWD_TRACE`, folder]));
