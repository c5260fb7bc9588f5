/** `pouwd miner bench`: what this machine delivers on the reference models, and how many seats that makes. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";
import { promisify } from "node:util";
import { REFERENCE_MODELS } from "#engine/reference.js";
import { flop, parseTopology } from "#engine/topology/index.js";
import { entry } from "#platform/entry.js";
import { defaultIterationBlocks, MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { type Measured } from "./measure.js";
import { type Machine, offeredMemory, type Seats, seatsOf } from "./seats.js";

const MILLISECONDS = 1_000;

export interface BenchRow extends Measured, Seats {
  readonly model: string;
  readonly title: string;
  readonly batch: number;
  /** F of one iteration */
  readonly flop: number;
  /** blocks that a task of this model gives an iteration by default; the machine holds it when the next is not above it */
  readonly iterationBlocks: number;
  readonly secondsPerIteration: number;
  /** of a process that does nothing else, its runtime included */
  readonly peakBytes: number;
}

export interface BenchResult {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** what a miner here offers to the chain: half of the machine's */
  readonly memoryBytes: number;
  readonly rows: readonly BenchRow[];
  /** hosts that cannot be used here, and why */
  readonly absent: Readonly<Record<string, string>>;
  /** of the reference model that allows the fewest, on its faster host */
  readonly seats: number;
}

export async function bench(progress: (what: string) => void, milliseconds = MILLISECONDS): Promise<BenchResult> {
  const machine: Machine = { cores: availableParallelism(), memoryBytes: Number(offeredMemory(totalmem())) };
  const rows: BenchRow[] = [];
  const absent: Record<string, string> = {};
  for (const model of REFERENCE_MODELS) {
    for (const host of ["wasm", "native"]) {
      if (absent[host]) continue;
      progress(`${model.title}, ${host}`);
      let measured: Measured & { readonly peakBytes: number };
      try {
        measured = await inProcess(model.name, host, milliseconds);
      } catch (e) {
        if (host === "wasm") throw e; // it always works, so this is a fault
        absent[host] = (e as Error).message;
        continue;
      }
      const F = flop(parseTopology(model.topology, { maxParameters: MAX_PARAMETERS }), model.batch);
      rows.push({ model: model.name, title: model.title, batch: model.batch, flop: Number(F), iterationBlocks: Number(defaultIterationBlocks(F)), secondsPerIteration: 1 / measured.iterationsPerSecond, ...measured, ...seatsOf(machine, measured) });
    }
  }
  return { node: process.version, cpu: cpus()[0]?.model.trim() ?? "unknown", ...machine, rows, absent, seats: seatsOfAll(rows) };
}

/** Seats of the model that allows the fewest, each on the host that allows the most: a miner takes the faster by itself. */
export function seatsOfAll(rows: readonly Pick<BenchRow, "model" | "seats">[]): number {
  const best = new Map<string, number>();
  for (const { model, seats } of rows) best.set(model, Math.max(best.get(model) ?? 0, seats));
  return Math.min(...best.values());
}

async function inProcess(model: string, host: string, milliseconds: number): Promise<Measured & { peakBytes: number }> {
  const { command, args } = entry("miner/measure-process", model, host, `${milliseconds}`);
  try {
    const { stdout } = await promisify(execFile)(command, args);
    return JSON.parse(stdout) as Measured & { peakBytes: number };
  } catch (e) {
    const said = `${(e as { stderr?: string }).stderr ?? ""}`.split("\n").find((l) => /Error: /.test(l));
    throw new Error(said ? said.replace(/^.*?Error: /, "") : (e as Error).message);
  }
}
