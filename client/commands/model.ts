/** `pouwd model …` */
import { type Command, InvalidArgumentError } from "commander";
import { readFileSync } from "node:fs";
import Table from "cli-table3";
import type { QuantumGroup } from "#engine/quanta.js";
import { checkLoss, type Loss, LOSSES, type ModelPlan, parseTopology } from "#engine/topology/index.js";
import type { Optimizer } from "#proto/gen/pouw/tasks/v1/types.js";
import { defaultQuanta } from "#protocol/tasks/quanta.js";
import { bitsOf } from "#protocol/floats.js";
import { lossName, MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import type { PreparedData } from "../data/prepare.js";
import { checkData, completeSpec } from "../task/check.js";
import { fit } from "../task/fit.js";
import { inspect, type Inspection } from "../task/inspect.js";
import { readTaskFile, type TaskFile } from "../task/task-file.js";

const MILLISECONDS = 1_000;

type Measured = import("#miner/measure.js").Measured;

const count = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("want a whole number from 1 to 999999");
  return Number(text);
};

interface Subject {
  readonly plan: ModelPlan;
  readonly loss: Loss;
  readonly batch: number;
  readonly lrBits: number;
  readonly quanta: readonly QuantumGroup[];
  /** where it is a task's, whose data may be here */
  readonly file?: TaskFile;
  readonly profile?: string;
  readonly optimizer?: Optimizer | undefined;
}

export function addModel(program: Command, options: (c: Command) => GlobalOptions): void {
  const model = program.command("model").description("models, before anything is paid for them");
  model
    .command("inspect")
    .description("layers, parameters, F, memory, map sizes, and how fast this machine runs its iterations")
    .argument("<file>", "task file (.yaml), or the model.json of a LayersModel")
    .option("--batch <n>", "rows of a batch; default: the task file's, or 32", count)
    .option("--no-measure", "do not run any iteration")
    .action(async (path: string, o: { batch?: number; measure: boolean }, c: Command) => {
      const context = new Context(options(c));
      const s = subject(path, o.batch);
      const found = inspect(s.plan, s.batch, s.quanta, s);
      for (const note of o.measure && s.file ? await trialNotes(s.file) : []) console.error(`note: ${note}`);
      const measured = o.measure ? await (await import("#miner/measure.js")).measure(s.plan, { ...s, milliseconds: MILLISECONDS }) : undefined;
      context.print({ ...found, ...(measured ? { measured } : {}) }, () => text(found, measured));
    });
}

function subject(path: string, batch: number | undefined): Subject {
  if (/\.ya?ml$/.test(path)) {
    const file = readTaskFile(path);
    const { plan, spec } = file;
    return { file, plan, loss: lossName(spec.loss), batch: batch ?? spec.batchSize, lrBits: spec.lrBits, quanta: spec.quanta, profile: spec.profile, optimizer: spec.optimizer };
  }
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (e) {
    throw new CliError("model_file", `${path}: ${(e as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (e as Error).message}.`);
  }
  try {
    const plan = parseTopology(json, { maxParameters: MAX_PARAMETERS });
    return { plan, loss: lossThatFits(plan), batch: batch ?? 32, lrBits: bitsOf(0.1), quanta: defaultQuanta(plan.tensors, { quantumLog2: -8, levels: 1 }, 1n) };
  } catch (e) {
    if (e instanceof Error && e.name === "TopologyError") throw new CliError("model_file", `${path}: ${e.message}.`);
    throw e;
  }
}

/** What a trial on the task's data says of its quanta; nothing where the data are not here, which inspecting does not need. */
async function trialNotes(file: TaskFile): Promise<readonly string[]> {
  let data: PreparedData;
  try {
    data = await checkData(file);
  } catch (e) {
    return [`no trial of the quanta: ${(e as Error).message}`];
  }
  try {
    completeSpec(file, data);
    return (await fit(file, data)).notes;
  } finally {
    data.close();
  }
}

/** The first loss that goes with the model's last layer. */
function lossThatFits(plan: ModelPlan): Loss {
  const fits = LOSSES.find((loss) => {
    try {
      checkLoss(plan, loss);
      return true;
    } catch {
      return false;
    }
  });
  return fits ?? "meanSquaredError";
}

function text(i: Inspection, m: Measured | undefined): string {
  const table = new Table({ head: ["layer", "kind", "output", "parameters", "tensors", "multiply-adds a row"], style: { head: [], border: [] }, colAligns: ["left", "left", "left", "right", "left", "right"] });
  for (const l of i.layers) table.push([l.name, l.kind, l.outputShape.join(" × "), l.parameters.toLocaleString("en-US"), l.tensors.join("\n"), l.macs.toLocaleString("en-US")]);
  const lines = [
    `parameters          ${i.parameters.toLocaleString("en-US")}`,
    `F, batch ${`${i.batch}`.padEnd(10)} ${i.flop.toLocaleString("en-US")} flop an iteration`,
    `memory              ${(Number(i.memoryBytes) / 2 ** 20).toFixed(1)} MiB for an engine with one slot`,
    `largest map         ${i.largestMapBytes.toLocaleString("en-US")} bytes`,
    `residual interval   ${i.residualInterval}`,
    ...(m ? [`this machine        ${m.iterationsPerSecond.toFixed(0)} iterations a second (${m.samplesPerSecond.toFixed(0)} rows, ${m.gigaflopPerSecond.toFixed(1)} GFLOP/s), ${m.host} kernels, one thread, as one of eleven miners`, `map, made-up data   ${m.medianMapBytes.toLocaleString("en-US")} bytes`] : []),
  ];
  return `${table.toString()}\n${lines.join("\n")}`;
}
