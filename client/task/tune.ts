/** `pouwd task tune`: quantum groups by trials on a task's own data, written into its file. */
import { readFileSync } from "node:fs";
import { isMap, parseDocument } from "yaml";
import { largestQuantum, LEAST_QUANTUM } from "#engine/quanta.js";
import type { ModelPlan } from "#engine/topology/index.js";
import type { QuantumGroup } from "#proto/gen/pouw/tasks/v1/types.js";
import { checkData } from "./check.js";
import { fit } from "./fit.js";
import { nameOfGroup } from "./quanta.js";
import type { TaskFile } from "./task-file.js";
import { STARVING, trial, type TrialLength } from "./trial.js";

/** Of each quantum that is tried: long enough for losses to differ, some ten seconds for the models that a laptop trains. */
const LENGTH: TrialLength = { iterations: 256, flop: 1e11 };
/** What is tried, as powers of two beside the quantum that does not starve. */
const TRIED = [-2, -1, 0, 1, 2];

export interface Tuned {
  readonly quanta: readonly QuantumGroup[];
  readonly plan: ModelPlan;
  readonly iterations: number;
  readonly tried: readonly { readonly quantumLog2: number; readonly loss: number; readonly starved: number; readonly taken: boolean }[];
  readonly notes: readonly string[];
}

/** Tries quanta of the weights, from the one that does not starve up and down, and takes the one with the lowest loss of those that do not starve. What the file says of quanta does not count. */
export async function tune(file: TaskFile): Promise<Tuned> {
  const prepared = await checkData(file);
  try {
    const { spec, plan, notes, data } = await fit({ ...file, quanta: { groups: [], weights: { ...file.quanta.weights, levels: 1, fixed: false } } }, prepared);
    const at = spec.quanta.findIndex((g) => !g.statistics);
    const begun = spec.quanta[at] as QuantumGroup;
    const logs = TRIED.map((d) => begun.quantumLog2 + d).filter((log2) => log2 >= LEAST_QUANTUM && log2 <= largestQuantum(false));
    const tried = [];
    for (const quantumLog2 of logs) {
      const quanta = spec.quanta.map((g, i) => (i === at ? { ...g, quantumLog2 } : g));
      const { loss, starved, iterations } = await trial({ ...spec, quanta }, plan, data, LENGTH);
      tried.push({ quantumLog2, quanta, loss, starved: starved[at] as number, iterations });
    }
    // What starves early may still be ahead after a short trial, and stands still later.
    const fed = tried.filter((x) => Number.isFinite(x.loss) && x.starved <= STARVING);
    const best = fed.reduce((a, b) => (b.loss < a.loss ? b : a), fed[0] ?? { ...(tried.at(-1) as (typeof tried)[number]) });
    return { quanta: best.quanta, plan, iterations: best.iterations, notes, tried: tried.map(({ quantumLog2, loss, starved }) => ({ quantumLog2, loss, starved, taken: quantumLog2 === best.quantumLog2 })) };
  } finally {
    prepared.close();
  }
}

/** The text of a task file with these groups in it, and all else as it was. */
export function withQuanta(path: string, { quanta, plan }: Pick<Tuned, "quanta" | "plan">): string {
  const doc = parseDocument(readFileSync(path, "utf8"));
  for (const field of ["quantum", "levels"]) doc.delete(field);
  const node = doc.createNode(quanta.map((g) => ({ tensors: namesOf(g, plan, quanta), quantum: `2^${g.quantumLog2}`, ...(g.levels === 1 ? {} : { levels: g.levels }) })));
  for (const item of node.items) if (isMap(item)) item.flow = true;
  doc.set("quanta", node);
  return doc.toString({ lineWidth: 0 });
}

function namesOf(g: QuantumGroup, plan: ModelPlan, quanta: readonly QuantumGroup[]): string | string[] {
  const names = nameOfGroup(g, plan, quanta).split(", ");
  return names.length === 1 ? (names[0] as string) : names;
}
