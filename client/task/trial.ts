/**
 * A short local trial of a task: the first iterations of its group on its own data, and how often a quantum group was due
 * more than its levels. The same file gives the same figures on every machine: nothing in it looks at a clock.
 */
import { createEngine } from "#engine/index.js";
import { largestQuantum } from "#engine/quanta.js";
import type { StatisticScale } from "#protocol/tasks/quanta.js";
import { flop, type ModelPlan, type Tensor } from "#engine/topology/index.js";
import type { Batch, Engine } from "#engine/types.js";
import { utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { QuantumGroup, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { totalPositions } from "#protocol/log/positions.js";
import { initialWeights } from "#protocol/state/initial.js";
import { LocalGroup } from "#protocol/state/local-group.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { fillDefaults } from "#protocol/tasks/task-spec.js";
import { type FileQuanta, nameOfGroup, quantaOf } from "./quanta.js";

/** What a trial may compute, in operations: about two seconds. */
const BUDGET = 2e10;
const MOST_ITERATIONS = 64;
/** Batches that the scale of moving averages is taken from. */
const FIRST_BATCHES = 8;
/**
 * Of a group's updates: where more are larger than levels·quantum, the quantum is too small. Tasks that learn well have 5 to
 * 22 % at their beginning with the default quantum, a regression on raw targets 97 % (docs/decisions.md).
 */
export const STARVING = 0.5;

const SEED = nodeCrypto.sha256(utf8("pouwd trial"));

export interface TrialData {
  readonly batch: (number: number) => { readonly batch: Batch; readonly hash: Uint8Array };
}

export interface Trial {
  readonly iterations: number;
  /** by group: the part of its updates that were larger than levels·quantum */
  readonly starved: readonly number[];
  /** of the first batches, where the trial ended; as the loss is, without the header's ceiling */
  readonly loss: number;
}

/** How long a trial is: at most so many iterations, and operations. */
export interface TrialLength {
  readonly iterations: number;
  readonly flop: number;
}
const SHORT: TrialLength = { iterations: MOST_ITERATIONS, flop: BUDGET };

/** Runs the first iterations of a spec with its data in it. */
export async function trial(spec: TaskSpec, plan: ModelPlan, data: TrialData, length = SHORT): Promise<Trial> {
  const full = fillDefaults(spec, plan);
  const engine = await createEngine(plan, engineOptionsOf(full));
  const group = new LocalGroup({ hash: nodeCrypto, chainId: "trial", taskId: 1n, spec: full, engine, seed: SEED, beacon: SEED, height: 1n, batch: data.batch });
  const most = Math.min(length.iterations, Number(totalPositions(full)), Math.max(1, Math.floor(length.flop / Number(flop(plan, full.batchSize)))));
  const counts = new Starvation(plan, full.quanta);
  let nulls = 0;
  for (const { header } of group.run()) {
    if (header.null) nulls++;
    else counts.add(engine);
    if (counts.iterations + nulls >= most) break;
  }
  const batches = Array.from({ length: Math.min(FIRST_BATCHES, full.batches) }, (_, b) => data.batch(b).batch);
  const losses = batches.flatMap((b) => [...engine.evaluate(b, full.batchSize).loss]);
  return { iterations: counts.iterations, starved: counts.parts(), loss: losses.reduce((a, b) => a + b, 0) / losses.length };
}

/** Counts, iteration by iteration, how many updates of each group were larger than it can move. */
export class Starvation {
  iterations = 0;
  readonly #over: number[];
  readonly #sizes: number[];

  constructor(plan: ModelPlan, quanta: readonly QuantumGroup[]) {
    this.#over = quanta.map(() => 0);
    this.#sizes = quanta.map((g) => g.tensors.reduce((sum, i) => sum + (plan.tensors[i] as Tensor).size, 0));
  }

  /** After an iteration that was not null. */
  add(engine: Pick<Engine, "overdriveByGroup">): void {
    this.iterations++;
    engine.overdriveByGroup().forEach((n, g) => (this.#over[g] = (this.#over[g] as number) + n));
  }

  parts(): number[] {
    return this.#over.map((n, g) => (this.iterations === 0 ? 0 : n / (this.iterations * (this.#sizes[g] as number))));
  }
}

/** How large the moving averages of each kind are in the first batches, and how far an iteration moves them. */
export async function statisticScales(spec: TaskSpec, plan: ModelPlan, data: TrialData): Promise<ReadonlyMap<string, StatisticScale>> {
  const scales = new Map<string, { squares: number; count: number; step: number }>();
  if (!plan.tensors.some((t) => t.statistic)) return new Map();
  const engine = await createEngine(plan, engineOptionsOf(spec));
  engine.setInitial(initialWeights(nodeCrypto, plan, SEED));
  for (let b = 0; b < Math.min(FIRST_BATCHES, spec.batches); b++) {
    const { gradient } = engine.gradient(data.batch(b).batch, SEED);
    for (const { mean, variance, momentum } of plan.layers.filter((l) => l.kind === "batchNorm")) {
      for (const tensor of [mean, variance]) {
        const found = scales.get(tensor.kind) ?? { squares: 0, count: 0, step: 0 };
        for (let i = tensor.offset; i < tensor.offset + tensor.size; i++) {
          // The step is (average − batch)·(1 − momentum), of an average as it begins.
          const step = gradient[i] as number;
          const batch = (tensor.initial === "ones" ? 1 : 0) - step / Math.fround(1 - momentum);
          if (!Number.isFinite(batch)) continue;
          found.squares += batch * batch;
          found.count++;
          found.step = Math.max(found.step, Math.abs(step));
        }
        scales.set(tensor.kind, found);
      }
    }
  }
  return new Map([...scales].map(([kind, { squares, count, step }]) => [kind, { scale: count > 0 ? Math.sqrt(squares / count) : 1, step }]));
}

export interface Found {
  /** What the file says, and what was found for the rest. */
  readonly quanta: readonly QuantumGroup[];
  /** What departs from a default for what was measured, and what the file says and starves; one line each. */
  readonly notes: readonly string[];
}

/**
 * The groups of a task whose data are here. Averages go by their scale in the first batches; where the weights' default
 * quantum starves a trial, it is doubled until it does not. What the file says stays as it is.
 */
export async function findQuanta(spec: TaskSpec, plan: ModelPlan, said: FileQuanta, data: TrialData): Promise<Found> {
  const scales = await statisticScales(spec, plan, data);
  const usual = quantaOf(plan, said, totalPositions(spec), (kind) => scales.get(kind));
  const first = await trial({ ...spec, quanta: usual }, plan, data);
  if (!first.starved.some(starves)) return { quanta: usual, notes: [] };
  const enough = await unstarved({ ...spec, quanta: usual }, plan, data, first.starved);
  const isSaid = (g: number): boolean => g < said.groups.length || (said.weights.fixed && usual[g]?.statistics === false);
  const quanta = usual.map((g, i) => (isSaid(i) ? g : (enough[i] as QuantumGroup)));
  const notes = usual.flatMap((g, i) => {
    const [part, least] = [first.starved[i] as number, (enough[i] as QuantumGroup).quantumLog2];
    if (!starves(part)) return [];
    if (isSaid(i)) return [starvationNote(part, least, nameOfGroup(g, plan, usual), usual.length)];
    return [`quantum${usual.length > 1 ? ` of ${nameOfGroup(g, plan, usual)}` : ""} is 2^${least}: with the default 2^${g.quantumLog2} ${percent(part)} of ${first.iterations} iterations' updates were larger`];
  });
  return { quanta, notes };
}

/** The same groups with quanta doubled until none starves in a trial, or cannot be larger. */
async function unstarved(spec: TaskSpec, plan: ModelPlan, data: TrialData, first: readonly number[]): Promise<QuantumGroup[]> {
  let { quanta } = spec;
  for (let starved = first; ; ({ starved } = await trial({ ...spec, quanta }, plan, data))) {
    const next = quanta.map((g, i) => (starves(starved[i] as number) ? { ...g, quantumLog2: Math.min(largestQuantum(g.statistics), g.quantumLog2 + ((starved[i] as number) > 0.9 ? 2 : 1)) } : g));
    if (next.every((g, i) => g.quantumLog2 === quanta[i]?.quantumLog2)) return quanta;
    quanta = next;
  }
}

const starves = (part: number): boolean => part > STARVING;
const percent = (part: number): string => `${Math.round(100 * part)} %`;

const starvationNote = (part: number, least: number, name: string, groups: number): string =>
  `${percent(part)} of updates${groups > 1 ? ` of ${name}` : ""} were larger than levels·quantum: set quantum to 2^${least} or more, or run pouwd task tune`;

/** Of a run that is over: which of its groups starved, and the quantum from which they would not in a trial. */
export async function starvationNotes(spec: TaskSpec, plan: ModelPlan, data: TrialData, starved: readonly number[]): Promise<string[]> {
  if (!starved.some(starves)) return [];
  const { quanta } = spec;
  const enough = await unstarved(spec, plan, data, starved);
  return quanta.flatMap((g, i) => (starves(starved[i] as number) ? [starvationNote(starved[i] as number, (enough[i] as QuantumGroup).quantumLog2, nameOfGroup(g, plan, quanta), quanta.length)] : []));
}
