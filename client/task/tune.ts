/** `pouwd task tune`: quantum groups by trials on a task's own data, written into its file. */
import { readFileSync } from "node:fs";
import { Document, isMap, isScalar, type Pair, parseDocument, type ParsedNode, type Scalar, type YAMLSeq } from "yaml";
import { largestQuantum, LEAST_QUANTUM } from "#engine/quanta.js";
import type { ModelPlan } from "#engine/topology/index.js";
import type { QuantumGroup } from "#proto/gen/pouw/tasks/v1/types.js";
import { checkData, completeSpec } from "./check.js";
import { fit } from "./fit.js";
import { nameOfGroup } from "./quanta.js";
import { parseTaskFile, readTaskFile } from "./task-file.js";
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
  /** what the file said of quanta before, a line each */
  readonly replaced: readonly string[];
}

/**
 * Tries quanta of the weights, from the one that does not starve up and down, and takes the one with the lowest loss of those
 * that do not starve. What the file says of quanta does not count. Throws what reading the file and its data throws.
 */
export async function tune(path: string): Promise<Tuned> {
  readTaskFile(path);
  const { text, replaced } = withoutQuanta(readFileSync(path, "utf8"));
  const file = parseTaskFile(text, path);
  const prepared = await checkData(file);
  try {
    completeSpec(file, prepared);
    const { spec, plan, notes, data } = await fit(file, prepared);
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
    return { quanta: best.quanta, plan, iterations: best.iterations, notes, replaced, tried: tried.map(({ quantumLog2, loss, starved }) => ({ quantumLog2, loss, starved, taken: quantumLog2 === best.quantumLog2 })) };
  } finally {
    prepared.close();
  }
}

/** The text of a task file with these groups in it, and all else as it was. */
export function withQuanta(path: string, { quanta, plan }: Pick<Tuned, "quanta" | "plan">): string {
  const { text } = withoutQuanta(readFileSync(path, "utf8"));
  const doc = parseDocument(text);
  const written = { quanta: quanta.map((g) => ({ tensors: namesOf(g, plan, quanta), quantum: `2^${g.quantumLog2}`, ...(g.levels === 1 ? {} : { levels: g.levels }) })) };
  if (isMap(doc.contents) && doc.contents.flow) {
    doc.set("quanta", written.quanta);
    return doc.toString({ lineWidth: 0 });
  }
  const own = new Document(written);
  for (const item of (own.get("quanta") as YAMLSeq).items) if (isMap(item)) item.flow = true;
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${own.toString({ lineWidth: 0 })}`;
}

/** The text of a task file that says nothing of quanta, to the letter in all else; and what it said, a line each. */
function withoutQuanta(text: string): { text: string; replaced: readonly string[] } {
  const doc = parseDocument(text);
  if (!isMap(doc.contents)) return { text, replaced: [] };
  const said = doc.contents.items.filter((p): p is Pair<Scalar.Parsed, ParsedNode | null> => isScalar(p.key) && ["quantum", "levels", "quanta"].includes(String(p.key.value)));
  const replaced = said.map(({ key, value }) => `${String(key.value)}: ${value?.range ? text.slice(value.range[0], value.range[1]).replace(/\s*\n\s*/g, " ").trim() : ""}`);
  if (doc.contents.flow) {
    for (const { key } of said) doc.delete(key);
    return { text: said.length > 0 ? doc.toString({ lineWidth: 0 }) : text, replaced };
  }
  let rest = text;
  for (const { key, value } of said.toReversed()) rest = rest.slice(0, key.range[0]) + rest.slice((value?.range ?? key.range)[2]);
  return { text: rest, replaced };
}

function namesOf(g: QuantumGroup, plan: ModelPlan, quanta: readonly QuantumGroup[]): string | string[] {
  const names = nameOfGroup(g, plan, quanta).split(", ");
  return names.length === 1 ? (names[0] as string) : names;
}
