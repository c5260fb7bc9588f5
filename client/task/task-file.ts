/** The YAML task file: read, checked with line and column, turned into a topology, a spec without data, and data options. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Ajv, type ErrorObject } from "ajv";
import { isMap, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { bitsOf } from "#protocol/floats.js";
import { Loss, TaskSpec } from "#proto/gen/pouw.js";
import { parseTopology, type ModelPlan } from "#engine/topology/index.js";
import { rowShapeOf, type RowShape } from "#protocol/data.js";
import { type DataOptions } from "../data/prepare.js";
import { type Format } from "../data/readers.js";
import { parseAmount } from "./amount.js";
import { SCHEMA } from "./schema.js";
import { sequentialTopology, type LayerSugar } from "./topology.js";

export class TaskFileError extends Error {
  override readonly name = "TaskFileError";
}

interface Raw {
  title?: string;
  data: {
    train: string | string[];
    train_labels?: string | string[];
    test: string | number;
    test_labels?: string;
    format: Format;
    header?: boolean;
    label?: number;
    scale?: number;
    seed?: number;
  };
  model: { input: number[]; layers: LayerSugar[] } | { topology: string };
  loss: "softmax_cross_entropy" | "mean_squared_error";
  optimizer: { sgd: { lr: number; schedule?: { epoch: number; lr: number }[] } };
  batch: number;
  epochs: number;
  lag?: number;
  levels?: number;
  quantum?: number;
  slots: number;
  supervisors?: number;
  evaluators?: number;
  fee: string | number;
  bond?: string | number;
  training_blocks?: number;
  data_blocks?: number;
  run_ahead?: number;
  properties?: Record<string, number>;
}

export interface TaskFile {
  /** all but what comes from the data: batches, manifest_cid, test_set */
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  readonly shape: RowShape;
  readonly data: DataOptions;
  /** base units */
  readonly fee: bigint;
  readonly bond: bigint;
  /** what departs from the protocol's defaults, one line each */
  readonly notes: readonly string[];
}

const PROPERTIES = ["classification", "regression", "small", "medium", "large", "image", "tabular", "text"];
const MAX_PARAMETERS = 2 ** 26;

/** Throws TaskFileError `file:line:column task.field: …`. */
export function readTaskFile(path: string): TaskFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (e) {
    throw new TaskFileError(`${path}: ${(e as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (e as Error).message}`);
  }
  return parseTaskFile(text, path);
}

export function parseTaskFile(text: string, path: string): TaskFile {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, maxAliasCount: 20 } as never);
  const place = placer(doc, lines, path);
  const [broken] = doc.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new TaskFileError(`${path}:${line}:${col} ${broken.message.split("\n")[0]}`);
  }
  const raw = doc.toJS({ maxAliasCount: 20 }) as Raw;
  const validate = new Ajv({ allErrors: false, allowUnionTypes: true, verbose: true }).compile(SCHEMA);
  if (!validate(raw)) throw new TaskFileError(describe((validate.errors as ErrorObject[])[0] as ErrorObject, place));
  return build(raw, path, place);
}

type Place = (path: readonly (string | number)[], text: string) => string;

function placer(doc: Document, lines: LineCounter, file: string): Place {
  return (path, text) => {
    let at = 0;
    for (let n = path.length; n > 0; n--) {
      const parent = doc.getIn(path.slice(0, n - 1), true) ?? doc.contents;
      const key = path[n - 1];
      const pair = isMap(parent) ? parent.items.find((p) => isScalar(p.key) && p.key.value === key) : undefined;
      const node = (pair?.value ?? doc.getIn(path.slice(0, n), true)) as { range?: [number, number, number] } | undefined;
      if (node?.range) {
        at = node.range[0];
        break;
      }
    }
    const { line, col } = lines.linePos(at);
    const field = path.reduce<string>((s, p) => (typeof p === "number" ? `${s}[${p}]` : `${s}.${p}`), "task");
    return `${file}:${line}:${col} ${field}: ${text}`;
  };
}

function describe(e: ErrorObject, place: Place): string {
  const path = e.instancePath
    .split("/")
    .slice(1)
    .map((p) => (/^\d+$/.test(p) ? Number(p) : p));
  const got = JSON.stringify(e.data);
  const params = e.params as Record<string, unknown>;
  switch (e.keyword) {
    case "type":
      return place(path, `expected ${article(params.type)}, got ${got}.`);
    case "required":
      return place(path, `${params.missingProperty} is missing.`);
    case "additionalProperties":
      return place([...path, String(params.additionalProperty)], `there is no such field here.`);
    case "enum":
      return place(path, `expected one of ${(params.allowedValues as unknown[]).join(", ")}, got ${got}.`);
    default:
      return place(path, `${e.message ?? "is wrong"}, got ${got}.`);
  }
}

const article = (type: unknown): string => {
  const t = Array.isArray(type) ? type.join(" or ") : String(type);
  return `${/^[aeiou]/.test(t) ? "an" : "a"} ${t}`;
};

function build(raw: Raw, path: string, place: Place): TaskFile {
  const base = dirname(resolve(path));
  const notes: string[] = [];
  const fail = (at: (string | number)[], text: string): never => {
    throw new TaskFileError(place(at, text));
  };
  let topology: string;
  let plan: ModelPlan;
  try {
    topology = "topology" in raw.model ? readFileSync(resolve(base, raw.model.topology), "utf8") : sequentialTopology(raw.model.input, raw.model.layers);
    plan = parseTopology(topology, { maxParameters: MAX_PARAMETERS });
  } catch (e) {
    return fail(["model"], (e as Error).message);
  }
  const lag = raw.lag ?? 1;
  const single = raw.optimizer.sgd.lr;
  const lr = single * Math.min(1, 8 / (raw.slots * lag));
  if (lr !== single) notes.push(`lr ${single} becomes ${lr}: with ${raw.slots} slots ${lag} round${lag > 1 ? "s" : ""} behind, lr is scaled by min(1, 8/(slots·lag))`);
  const quantum = raw.quantum ?? 2 ** Math.round(Math.log2(lr / 25));
  const log2 = Math.log2(quantum);
  if (!Number.isInteger(log2) || log2 > 0 || log2 < -40) fail(["quantum"], `expected a power of two from 2^-40 to 1, got ${quantum}.`);
  if (raw.quantum !== undefined && raw.quantum !== 2 ** Math.round(Math.log2(lr / 25))) notes.push(`quantum ${raw.quantum} departs from the default, the power of two nearest lr/25`);
  if (raw.levels !== undefined && raw.levels !== 1) notes.push(`levels ${raw.levels} departs from the default 1`);
  if (lag !== 1) notes.push(`lag ${lag} departs from the default 1`);
  const loss = raw.loss === "softmax_cross_entropy" ? Loss.LOSS_SOFTMAX_CROSS_ENTROPY : Loss.LOSS_MEAN_SQUARED_ERROR;
  const scaled = (v: number) => bitsOf(v * (lr / single));
  const spec = TaskSpec.create({
    title: raw.title ?? "",
    topology,
    loss,
    batchSize: raw.batch,
    epochs: raw.epochs,
    slots: raw.slots,
    supervisors: raw.supervisors ?? 3,
    evaluators: raw.evaluators ?? 3,
    lag,
    levels: raw.levels ?? 1,
    lrBits: bitsOf(lr),
    quantumLog2: log2,
    schedule: (raw.optimizer.sgd.schedule ?? []).map((s) => ({ epoch: s.epoch, lrBits: scaled(s.lr) })),
    runAhead: BigInt(raw.run_ahead ?? 0),
    trainingBlocks: BigInt(raw.training_blocks ?? 0),
    dataBlocks: BigInt(raw.data_blocks ?? 0),
    properties: properties(raw, plan),
  });
  const files = (v: string | string[] | undefined) => (v === undefined ? undefined : [v].flat().map((f) => resolve(base, f)));
  const d = raw.data;
  const trainLabels = files(d.train_labels);
  const data: DataOptions = {
    train: files(d.train) as string[],
    ...(trainLabels ? { trainLabels } : {}),
    test: typeof d.test === "number" ? d.test : resolve(base, d.test),
    ...(d.test_labels ? { testLabels: resolve(base, d.test_labels) } : {}),
    format: d.format,
    header: d.header ?? false,
    label: d.label ?? -1,
    scale: d.scale ?? 1,
    seed: BigInt(d.seed ?? 1),
  };
  const amount = (field: "fee" | "bond", v: string | number): bigint => {
    try {
      return parseAmount(v);
    } catch (e) {
      return fail([field], (e as Error).message);
    }
  };
  const fee = amount("fee", raw.fee);
  const bond = raw.bond === undefined ? (fee + 4n) / 5n : amount("bond", raw.bond);
  return { spec, plan, shape: rowShapeOf({ loss }, plan), data, fee, bond, notes };
}

/** What the file says, else what can be told from the model. */
function properties(raw: Raw, plan: ModelPlan): number[] {
  if (raw.properties) return PROPERTIES.map((name) => raw.properties?.[name] ?? 0);
  const classification = raw.loss === "softmax_cross_entropy";
  const size = plan.parameters < 2 ** 16 ? 2 : plan.parameters < 2 ** 22 ? 3 : 4;
  const weights = [classification ? 100 : 0, classification ? 0 : 100, 0, 0, 0, 0, 0, 0];
  weights[size] = 100;
  return weights;
}
