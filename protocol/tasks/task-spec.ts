/**
 * What a task may ask for: defaults and bounds (protocol sections 3, 4, 12 and 14).
 *
 * The chain and the client run this same code, so a client hears the chain's own line before it pays for it.
 */
import { groupsOf } from "#engine/quanta.js";
import { checkLoss, checkTolerant, flop as flopOf, MEMORY_LIMIT, parseTopology, type ModelPlan } from "#engine/topology/index.js";
import { type Optimizer, OptimizerKind, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { parseCid } from "./cid.js";
import { hasClasses, lossName, taskMemoryBytes } from "./engine-options.js";
import { fromBits, isPositiveNormal } from "../floats.js";
import type { MapGroups } from "../state/map.js";
import { residualInterval, totalPositions } from "../log/positions.js";
import { EXACT_PROFILE, isTolerant, PROFILES } from "./profiles.js";
import { checkMoments, checkQuanta } from "./quanta.js";
import { SpecError } from "./spec-error.js";

export { lossName } from "./engine-options.js";
export { SpecError } from "./spec-error.js";

export { EXACT_PROFILE };
/** The most parameters that any chain lets a model have; max_parameters of a chain may be lower. */
export const MAX_PARAMETERS = 2 ** 26;
/** In the tolerant profile, whose miners keep the residual of every iteration for some 100 s: 16 MiB each. */
export const MAX_TOLERANT_PARAMETERS = 2 ** 22;
/** Largest canonical segment, and largest plaintext of a test set. */
export const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
/** Room in a segment for its protobuf fields. */
export const SEGMENT_OVERHEAD = 32;

/** Largest map that a message of the miners' network holds, beside its header: a frame is 64 MiB. */
const MAX_MAP_BYTES = 64 * 1024 * 1024 - 64 * 1024;

/** What a machine is taken to compute in a second, for defaults that are times. */
export const FLOP_PER_SECOND = 10_000_000_000n;
const MAX_RUN_AHEAD = 1n << 17n;
const MAX_TRAINING_BLOCKS = 10_000_000n;
/** Two hours of blocks: the drawn are bound while they wait for the data, and cannot leave. */
const MAX_DATA_BLOCKS = 7_200n;
export const PROPERTY_NAMES = ["classification", "regression", "n < 2^16", "n < 2^22", "larger", "image", "tabular", "text"] as const;

/** What chain parameters bound a task: those of `tasks`, and the verdict window of `work`, in blocks. */
export interface SpecParams {
  readonly minFlop: bigint;
  readonly maxParameters: bigint;
  readonly maxSlots: number;
  readonly maxSupervisors: number;
  readonly minEvaluators: number;
  readonly maxEvaluators: number;
  readonly verdictWindow: bigint;
}

/** The most slots, and the most supervisors or evaluators, that any chain lets a task have. */
export const MAX_SLOTS = 1024;
export const MAX_GROUP = 31;
/** The widest that any chain's parameters allow. */
export const ANY_CHAIN: SpecParams = { minFlop: 0n, maxParameters: BigInt(MAX_PARAMETERS), maxSlots: MAX_SLOTS, maxSupervisors: MAX_GROUP, minEvaluators: 1, maxEvaluators: MAX_GROUP, verdictWindow: 1n << 40n };

export const lowestRunAhead = (lag: number): bigint => (lag > 32 ? 2n * BigInt(lag) : 64n);

/** The rounds of about 20 s, 20·10^10/F, between max(64, 2·lag) and 2^17. */
export function defaultRunAhead(flop: bigint, lag: number): bigint {
  const rounds = flop > 0n ? (20n * FLOP_PER_SECOND) / flop : MAX_RUN_AHEAD;
  const low = lowestRunAhead(lag);
  return rounds < low ? low : rounds > MAX_RUN_AHEAD ? MAX_RUN_AHEAD : rounds;
}

/** ⌈F/10^10⌉ blocks of about a second. */
export const defaultIterationBlocks = (flop: bigint): bigint => (flop + FLOP_PER_SECOND - 1n) / FLOP_PER_SECOND;

/** The task with every field that was left 0 or empty, and has a default, filled in. */
export function fillDefaults(spec: TaskSpec, plan: ModelPlan): TaskSpec {
  const lag = spec.lag || 1;
  const flop = flopOf(plan, spec.batchSize);
  return {
    ...spec,
    supervisors: spec.supervisors || 3,
    evaluators: spec.evaluators || 3,
    lag,
    quanta: spec.quanta.map((g) => ({ ...g, levels: g.levels || 1 })),
    runAhead: spec.runAhead || defaultRunAhead(flop, lag),
    iterationBlocks: spec.iterationBlocks || defaultIterationBlocks(flop),
    trainingBlocks: spec.trainingBlocks || 7200n,
    dataBlocks: spec.dataBlocks || 60n,
    profile: spec.profile || EXACT_PROFILE,
  };
}

export interface AcceptedSpec {
  /** With every default filled in. */
  spec: TaskSpec;
  plan: ModelPlan;
  /** F: of one iteration. */
  flop: bigint;
  /** R. */
  residualInterval: bigint;
}

/** Defaults, then every check. Throws SpecError, or the topology's TopologyError as one of field `topology`. */
export function acceptSpec(spec: TaskSpec, params: SpecParams): AcceptedSpec {
  const plan = planOf(spec, params);
  range("batch_size", spec.batchSize, 1, 65_536);
  const filled = fillDefaults(spec, plan);
  checkFields(filled, plan, params);
  return { spec: filled, plan, flop: flopOf(plan, filled.batchSize), residualInterval: residualInterval(plan.parameters, filled.profile) };
}

/** Checks a task whose defaults are filled in, and gives the plan of its model. */
export function checkSpec(spec: TaskSpec, params: SpecParams): ModelPlan {
  const plan = planOf(spec, params);
  checkFields(spec, plan, params);
  return plan;
}

function planOf(spec: TaskSpec, params: SpecParams): ModelPlan {
  if (spec.topology === "") throw new SpecError("topology", "is missing, want the JSON of a tfjs LayersModel");
  try {
    return parseTopology(spec.topology, { maxParameters: Number(params.maxParameters) });
  } catch (error) {
    if (error instanceof Error && error.name === "TopologyError") throw new SpecError("topology", error.message);
    throw error;
  }
}

function checkFields(spec: TaskSpec, plan: ModelPlan, params: SpecParams): void {
  if ([...spec.title].length > 200) throw new SpecError("title", `got ${[...spec.title].length} characters, want at most 200`);
  checkModel(spec, plan, params);
  checkGroup(spec, plan, params);
  checkSchedule(spec);
  checkTimes(spec, plan, params);
  checkData(spec, plan);
  checkProperties(spec.properties);
}

function checkModel(spec: TaskSpec, plan: ModelPlan, params: SpecParams): void {
  if (plan.parameters < 1) throw new SpecError("topology", "has no trainable parameters, want at least one dense layer");
  try {
    checkLoss(plan, lossName(spec.loss));
  } catch (error) {
    if (error instanceof Error && error.name === "TopologyError") throw new SpecError("loss", error.message);
    throw error;
  }
  range("batch_size", spec.batchSize, 1, 65_536);
  const flop = flopOf(plan, spec.batchSize);
  if (flop < params.minFlop) throw new SpecError("topology", `one iteration is ${flop} flop, want at least ${params.minFlop}: take a larger model or a larger batch_size`);
  checkOptimizer(spec.optimizer);
  const memory = taskMemoryBytes(spec, plan);
  if (memory > BigInt(MEMORY_LIMIT)) throw new SpecError("topology", `takes ${memory} bytes at batch_size ${spec.batchSize}, an engine holds ${MEMORY_LIMIT}: take a smaller model or a smaller batch_size`);
  const row = 4 * (plan.inputSize + (hasClasses(spec.loss) ? 1 : plan.outputSize));
  if (spec.batchSize * row + SEGMENT_OVERHEAD > MAX_SEGMENT_BYTES) {
    throw new SpecError("batch_size", `a batch is ${spec.batchSize * row} bytes, want one to fit a segment of ${MAX_SEGMENT_BYTES}: take at most ${Math.floor((MAX_SEGMENT_BYTES - SEGMENT_OVERHEAD) / row)} rows`);
  }
  checkProfile(spec, plan);
}

function checkProfile({ profile, optimizer }: TaskSpec, plan: ModelPlan): void {
  if (!PROFILES.includes(profile)) throw new SpecError("profile", `got ${JSON.stringify(profile.slice(0, 40))}, want ${PROFILES.join(" or ")}`);
  if (!isTolerant(profile)) return;
  // What its bound was measured with.
  if (optimizer) throw new SpecError("profile", `${profile} trains by SGD alone: leave optimizer out, or take ${EXACT_PROFILE}`);
  if (plan.parameters > MAX_TOLERANT_PARAMETERS) throw new SpecError("profile", `${profile} takes models of at most ${MAX_TOLERANT_PARAMETERS} parameters, this one has ${plan.parameters}: take ${EXACT_PROFILE}`);
  try {
    checkTolerant(plan);
  } catch (error) {
    if (error instanceof Error && error.name === "TopologyError") throw new SpecError("profile", error.message);
    throw error;
  }
}

function checkOptimizer(o: Optimizer | undefined): void {
  if (!o) return;
  if (!(Object.values(OptimizerKind) as number[]).includes(o.kind)) throw new SpecError("optimizer.kind", `got ${o.kind}, want 0 (SGD), 1 (momentum) or 2 (Adam)`);
  const part = (field: string, bits: number): void => {
    const value = fromBits(bits);
    if (!(value >= 0 && value < 1) || Object.is(value, -0)) throw new SpecError(`optimizer.${field}`, `got the bits ${bits}, want those of a binary32 from 0 to below 1`);
  };
  const zero = (field: string, value: number | boolean): void => {
    if (value) throw new SpecError(`optimizer.${field}`, `got ${value}, which this kind of optimizer has no use for: leave it out`);
  };
  const [sgd, momentum, adam] = [OptimizerKind.OPTIMIZER_SGD, OptimizerKind.OPTIMIZER_MOMENTUM, OptimizerKind.OPTIMIZER_ADAM].map((k) => o.kind === k);
  if (sgd) zero("momentum_bits", o.momentumBits);
  else part("momentum_bits", o.momentumBits);
  if (!momentum) zero("nesterov", o.nesterov);
  if (adam) {
    part("beta2_bits", o.beta2Bits);
    if (!isPositiveNormal(o.epsilonBits)) throw new SpecError("optimizer.epsilon_bits", `got the bits ${o.epsilonBits}, want those of a positive normal binary32`);
  } else {
    zero("beta2_bits", o.beta2Bits);
    zero("epsilon_bits", o.epsilonBits);
  }
  checkMoments(o);
  for (const [field, bits] of [["weight_decay_bits", o.weightDecayBits], ["clip_norm_bits", o.clipNormBits]] as const) {
    if (bits !== 0 && !isPositiveNormal(bits)) throw new SpecError(`optimizer.${field}`, `got the bits ${bits}, want 0 or those of a positive normal binary32`);
  }
}

/** Of all quantum groups together. */
export const largestMap = (groups: MapGroups): number => groups.reduce((sum, { size, levels }) => sum + largestOfGroup(size, levels), 0);

/** When every entry fires: a gap of one byte and a step each, or a sign bit; where fewer fire, longer gaps take less. */
function largestOfGroup(parameters: number, levels: number): number {
  let step = 1;
  for (let zigzag = 2 * levels; zigzag > 127; zigzag = Math.floor(zigzag / 128)) step++;
  return 5 + (levels === 1 ? parameters + Math.ceil(parameters / 8) : parameters * (1 + step));
}

function checkGroup(spec: TaskSpec, plan: ModelPlan, params: SpecParams): void {
  range("epochs", spec.epochs, 1, 1 << 20);
  range("batches", spec.batches, 1, 1 << 24);
  range("slots", spec.slots, 1, params.maxSlots);
  odd("supervisors", spec.supervisors, 1, params.maxSupervisors);
  odd("evaluators", spec.evaluators, params.minEvaluators, params.maxEvaluators);
  const total = totalPositions(spec);
  if (BigInt(spec.slots) > total) throw new SpecError("slots", `got ${spec.slots} for ${total} iterations in all, want every slot to have one`);
  checkQuanta(spec, plan);
  const map = largestMap(groupsOf(spec.quanta, plan.tensors));
  if (map > MAX_MAP_BYTES) {
    const several = spec.quanta.some((g) => g.levels > 1);
    throw new SpecError("topology", `a map of ${plan.parameters} parameters takes up to ${map} bytes at levels ${spec.quanta.map((g) => g.levels).join(", ")}, a message holds ${MAX_MAP_BYTES}: take a smaller model${several ? " or fewer levels" : ""}`);
  }
}

function checkSchedule(spec: TaskSpec): void {
  learningRate("lr_bits", spec.lrBits);
  if (spec.schedule.length > 64) throw new SpecError("schedule", `got ${spec.schedule.length} steps, want at most 64`);
  let previous = 0;
  spec.schedule.forEach((step, i) => {
    if (!Number.isInteger(step.epoch) || step.epoch <= previous || step.epoch >= spec.epochs) {
      throw new SpecError(`schedule.${i}.epoch`, `got ${step.epoch} after ${previous}, want ascending and below epochs (${spec.epochs})`);
    }
    learningRate(`schedule.${i}.lr_bits`, step.lrBits);
    previous = step.epoch;
  });
}

/**
 * A task that a machine of FLOP_PER_SECOND cannot run in time would cost those their stakes who are drawn for it, and one
 * whose iterations cannot be re-run within the verdict window could never convict anybody.
 */
function checkTimes(spec: TaskSpec, plan: ModelPlan, params: SpecParams): void {
  const flop = flopOf(plan, spec.batchSize);
  const rerun = defaultIterationBlocks(flop * residualInterval(plan.parameters, spec.profile));
  if (rerun > params.verdictWindow) {
    throw new SpecError("batch_size", `re-running ${residualInterval(plan.parameters, spec.profile)} iterations of ${flop} flop takes ${rerun} s at 10 GFLOP/s, want at most ${params.verdictWindow}, the verdict window: take a smaller model or a smaller batch_size`);
  }
  range("lag", spec.lag, 1, 16);
  range("run_ahead", spec.runAhead, lowestRunAhead(spec.lag), MAX_RUN_AHEAD);
  range("iteration_blocks", spec.iterationBlocks, defaultIterationBlocks(flop), 10_000n);
  range("training_blocks", spec.trainingBlocks, 1n, MAX_TRAINING_BLOCKS);
  range("data_blocks", spec.dataBlocks, 1n, MAX_DATA_BLOCKS);
}

function checkData(spec: TaskSpec, plan: ModelPlan): void {
  cid("manifest_cid", spec.manifestCid);
  const set = spec.testSet;
  if (!set) throw new SpecError("test_set", "is missing, want cid, plaintext_hash, key_hash and rows of the sealed test set");
  cid("test_set.cid", set.cid);
  if (set.plaintextHash.length !== 32) throw new SpecError("test_set.plaintext_hash", `got ${set.plaintextHash.length} bytes, want 32`);
  if (set.keyHash.length !== 32) throw new SpecError("test_set.key_hash", `got ${set.keyHash.length} bytes, want 32`);
  const row = 4 * (plan.inputSize + (hasClasses(spec.loss) ? 1 : plan.outputSize));
  range("test_set.rows", set.rows, 1, Math.floor((MAX_SEGMENT_BYTES - SEGMENT_OVERHEAD) / row));
}

function checkProperties(weights: readonly number[]): void {
  if (weights.length !== PROPERTY_NAMES.length) throw new SpecError("properties", `got ${weights.length} weights, want 8: ${PROPERTY_NAMES.join(", ")}`);
  weights.forEach((w, i) => range(`properties.${i}`, w, 0, 100));
  const above = weights.filter((w) => w > 0).length;
  if (above < 2) throw new SpecError("properties", `got ${above} weights above 0, want at least 2`);
}

function range(field: string, value: number | bigint, low: number | bigint, high: number | bigint): void {
  if (typeof value === "number" && !Number.isInteger(value)) throw new SpecError(field, `got ${value}, want a whole number`);
  if (value < low || value > high) throw new SpecError(field, `got ${value}, want ${low} to ${high}`);
}

function odd(field: string, value: number, low: number, high: number): void {
  range(field, value, low, high);
  if (value % 2 === 0) throw new SpecError(field, `got ${value}, want an odd number, so that a majority exists`);
}

function learningRate(field: string, bits: number): void {
  if (!isPositiveNormal(bits)) throw new SpecError(field, `got the bits ${bits}, want those of a positive normal binary32`);
}

function cid(field: string, value: string): void {
  try {
    parseCid(value);
  } catch (error) {
    throw new SpecError(field, (error as Error).message);
  }
}
