/** The YAML task file: read, checked with line and column, turned into a topology, a spec without data, and data options. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Ajv } from "ajv";
import { LineCounter, parseDocument, type Document } from "yaml";
import { bitsOf } from "#protocol/floats.js";
import { type Loss, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { parseTopology, TopologyError, type ModelPlan } from "#engine/topology/index.js";
import { rowShapeOf, type RowShape } from "#protocol/tasks/data.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { DataFileError } from "../data/errors.js";
import { type DataOptions } from "../data/options.js";
import { wholeText } from "../data/utf8.js";
import { parseAmount } from "./amount.js";
import { dataOptions } from "./data-options.js";
import { firstFault } from "./faults.js";
import { type FieldPath, type Places, placesOf, TaskFileError } from "./places.js";
import { type FileQuanta, groupsOfFile, quantaOf } from "./quanta.js";
import { rates } from "./optimizer.js";
import { LOSSES, PROPERTIES, type Raw } from "./raw.js";
import { SCHEMA } from "./schema.js";
import { fieldOfLayer } from "./spec-fields.js";
import { topologyOfSugar, UnknownLayer, type LayerSugar } from "./topology.js";

export { TaskFileError } from "./places.js";

/** base units */
export interface Money {
  readonly fee: bigint;
  readonly bond: bigint;
}

export interface TaskFile extends Money {
  /** all but what comes from the data: batches, manifest_cid, test_set */
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  readonly shape: RowShape;
  readonly data: DataOptions;
  /** what it says of quantum groups; those of `spec` are the defaults of one who has not seen the data */
  readonly quanta: FileQuanta;
  /** layers are written out in the file, so that what it leaves out is ours to choose */
  readonly sugared: boolean;
  /** fee and bond where the chain's denomination is known: a unit that is not its own is refused */
  readonly money: (denom: string) => Money;
  /** what departs from the protocol's defaults, one line each */
  readonly notes: readonly string[];
  /** for faults that are found later: in the data, or by the chain's own bounds */
  readonly places: Places;
  readonly fieldOfLayer: (e: { readonly layer?: string; readonly message: string }) => FieldPath;
}

/** the chain's default: a fifth of the fee */
const BOND_PART = 5n;

/** Throws TaskFileError `file:line:column task.field: …`. */
export function readTaskFile(path: string): TaskFile {
  let text: string;
  try {
    text = wholeText(path, readFileSync(path));
  } catch (e) {
    throw new TaskFileError(e instanceof DataFileError ? `${e.message}.` : `${path}: ${fileFault(e)}`);
  }
  return parseTaskFile(text, path);
}

export function parseTaskFile(text: string, path: string): TaskFile {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = doc.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new TaskFileError(`${path}:${line}:${col} is not YAML: ${broken.message}`);
  }
  const places = placesOf(doc, lines, path);
  const raw = plain(doc, places) as Raw;
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true, verbose: true }).compile(SCHEMA);
  if (!validate(raw)) {
    const { field, text: fault } = firstFault(validate.errors ?? []);
    places.fail(field, fault);
  }
  return build(raw, dirname(resolve(path)), places);
}

/** Aliases are bounded: a file of a few lines could stand for gigabytes. */
function plain(doc: Document, places: Places): unknown {
  try {
    return doc.toJS({ maxAliasCount: 20 });
  } catch (e) {
    return places.fail([], (e as Error).message);
  }
}

function fileFault(e: unknown): string {
  const { code, message } = e as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file.";
  return code === "EISDIR" ? "is a folder, want a file." : message;
}

function build(raw: Raw, base: string, places: Places): TaskFile {
  const notes: string[] = [];
  const { topology, plan } = model(raw, base, places);
  const { lr, scaled, quantumLog2, optimizer, schedule } = rates(raw, places, notes);
  const lag = raw.lag ?? 1;
  if (raw.levels !== undefined && raw.levels !== 1) notes.push(`levels ${raw.levels} departs from the default 1`);
  if (lag !== 1) notes.push(`lag ${lag} departs from the default 1`);
  const loss = (LOSSES.indexOf(raw.loss) + 1) as Loss;
  const quanta: FileQuanta = { groups: groupsOfFile(raw, plan, places), weights: { quantumLog2, levels: raw.levels ?? 1, fixed: raw.quantum !== undefined || raw.levels !== undefined } };
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
    profile: raw.profile ?? "",
    lrBits: bitsOf(lr),
    schedule: schedule.map((s) => ({ epoch: s.epoch, lrBits: scaled(s.lr) })),
    ...(optimizer ? { optimizer } : {}),
    runAhead: BigInt(raw.run_ahead ?? 0),
    trainingBlocks: BigInt(raw.training_blocks ?? 0),
    dataBlocks: BigInt(raw.data_blocks ?? 0),
    properties: properties(raw, plan),
    quanta: quantaOf(plan, quanta, BigInt(raw.epochs)),
  });
  const amount = (field: "fee" | "bond", denom?: string): bigint => {
    try {
      return parseAmount(raw[field] as string | number, denom);
    } catch (e) {
      return places.fail([field], (e as Error).message);
    }
  };
  const money = (denom?: string): Money => {
    const fee = amount("fee", denom);
    return { fee, bond: raw.bond === undefined ? (fee + BOND_PART - 1n) / BOND_PART : amount("bond", denom) };
  };
  return { spec, plan, shape: rowShapeOf({ loss }, plan), data: dataOptions(raw.data, base, places), ...money(), money, quanta, sugared: !("topology" in raw.model), notes, places, fieldOfLayer: (e) => fieldOfLayer(e, raw) };
}

function model(raw: Raw, base: string, places: Places): { topology: string; plan: ModelPlan } {
  let topology: string;
  if ("topology" in raw.model) {
    const path = resolve(base, raw.model.topology);
    try {
      topology = readFileSync(path, "utf8");
    } catch (e) {
      return places.fail(["model", "topology"], `${path}: ${fileFault(e)} Paths are relative to the task file.`);
    }
  } else topology = sugared(raw.model.input, raw.model.layers, places);
  try {
    return { topology, plan: parseTopology(topology, { maxParameters: MAX_PARAMETERS }) };
  } catch (e) {
    if (e instanceof TopologyError) return places.fail(fieldOfLayer(e, raw), `${e.message}.`);
    throw e;
  }
}

function sugared(input: number[], layers: LayerSugar[], places: Places): string {
  try {
    return topologyOfSugar(input, layers);
  } catch (e) {
    if (e instanceof UnknownLayer) return places.fail(["model", "layers", e.index, ...(typeof layers[e.index] === "string" ? [] : [e.kind])], e.message);
    throw e;
  }
}

/** What the file says, else what can be told from the model and the format of its data. */
function properties(raw: Raw, plan: ModelPlan): number[] {
  if (raw.properties) return PROPERTIES.map((name) => raw.properties?.[name] ?? 0);
  const classification = raw.loss === "softmax_cross_entropy" || raw.loss === "binary_cross_entropy";
  const size = plan.parameters < 2 ** 16 ? 2 : plan.parameters < 2 ** 22 ? 3 : 4;
  const weights = [classification ? 100 : 0, classification ? 0 : 100, 0, 0, 0, 0, 0, 0];
  weights[size] = 100;
  if (raw.data.format === "png") weights[5] = 100;
  if (raw.data.format === "text") weights[7] = 100;
  return weights;
}
