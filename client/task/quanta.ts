/** Quantum groups of a task file: what it says, and what it leaves to the defaults. */
import { largestQuantum, LEAST_QUANTUM, type QuantumGroup } from "#engine/quanta.js";
import type { ModelPlan, Tensor } from "#engine/topology/index.js";
import { QuantumGroup as Group } from "#proto/gen/pouw/tasks/v1/types.js";
import { defaultQuanta, type StatisticScale } from "#protocol/tasks/quanta.js";
import type { Places } from "./places.js";
import type { Raw } from "./raw.js";

export interface FileQuanta {
  /** What the file writes out. */
  readonly groups: readonly Group[];
  /** Of all other weights. */
  readonly weights: { readonly quantumLog2: number; readonly levels: number; /** said by the file */ readonly fixed: boolean };
}

/** 2^-8 and 0.00390625 are the same; undefined where it is no power of two. */
export function quantumLog2Of(value: number | string): number | undefined {
  const log2 = typeof value === "number" ? Math.log2(value) : Number(/^2\^(-?\d{1,3})$/.exec(value)?.[1] ?? Number.NaN);
  return Number.isInteger(log2) ? log2 : undefined;
}

/** The groups that a file writes out. Tensors are named as `pouwd model inspect` does, or by their kind: kernel, moving_mean. */
export function groupsOfFile({ quanta = [] }: Pick<Raw, "quanta">, { tensors }: ModelPlan, places: Places): Group[] {
  const holder = new Map<number, number>();
  return quanta.map((raw, g) => {
    const names = typeof raw.tensors === "string" ? [raw.tensors] : raw.tensors;
    const held = names.flatMap((name, n) => {
      const found = tensors.flatMap((t, i) => (isNamed(t, name) ? [i] : []));
      const field = ["quanta", g, "tensors", ...(typeof raw.tensors === "string" ? [] : [n])];
      if (found.length === 0) places.fail(field, `the model has no tensor ${JSON.stringify(name)}. Take weights, one of its kinds (${[...new Set(tensors.map((t) => t.kind))].join(", ")}) or a name that \`pouwd model inspect\` lists.`);
      for (const i of found) if (holder.has(i)) places.fail(field, `${tensors[i]?.name} is in group ${holder.get(i)} too, want every tensor once.`);
      return found;
    });
    for (const i of held) holder.set(i, g);
    const statistics = held.every((i) => tensors[i]?.statistic);
    if (!statistics && held.some((i) => tensors[i]?.statistic)) places.fail(["quanta", g, "tensors"], "are moving averages and weights. Take a group for each.");
    const quantumLog2 = quantumLog2Of(raw.quantum);
    if (quantumLog2 === undefined || quantumLog2 < LEAST_QUANTUM || quantumLog2 > largestQuantum(statistics)) {
      return places.fail(["quanta", g, "quantum"], `expected a power of two from 2^${LEAST_QUANTUM} to 2^${largestQuantum(statistics)}, got ${raw.quantum}.`);
    }
    return Group.create({ tensors: [...new Set(held)].sort((a, b) => a - b), quantumLog2, levels: raw.levels ?? 1, statistics });
  });
}

const isNamed = (t: Tensor, name: string): boolean => t.name === name || t.kind === name || (name === "weights" && !t.statistic);

/** All groups: the file's, and the default ones of what is in none of them. */
export function quantaOf(plan: ModelPlan, { groups, weights }: FileQuanta, iterations: bigint, scaleOf?: (kind: string) => StatisticScale | undefined): Group[] {
  return [...groups, ...defaultQuanta(plan.tensors, weights, iterations, { held: new Set(groups.flatMap((g) => g.tensors)), ...(scaleOf ? { scaleOf } : {}) })];
}

/** Of a group, for people: the kinds of its tensors. */
export function nameOfGroup({ tensors, statistics }: Pick<QuantumGroup, "tensors" | "statistics">, plan: ModelPlan, quanta: readonly Pick<QuantumGroup, "statistics">[]): string {
  if (!statistics && quanta.filter((g) => !g.statistics).length === 1) return "weights";
  const named = tensors.map((i) => plan.tensors[i] as Tensor);
  const kinds = [...new Set(named.map((t) => t.kind))];
  const whole = plan.tensors.filter((t) => kinds.includes(t.kind)).length === tensors.length;
  return (whole ? kinds : named.map((t) => t.name)).join(", ");
}
