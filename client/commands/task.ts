/** `pouwd task …` */
import { type Command, InvalidArgumentError } from "commander";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import Table from "cli-table3";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgCancelTask, MsgStopTraining } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Outcome, Phase, type Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { ChainError, type Message, type Sender } from "../chain/types.js";
import { Context, type GlobalOptions } from "../context.js";
import { formatAmount } from "../task/amount.js";
import { scoreText } from "../task/figures.js";
import { readSubmission } from "../task/submission.js";
import { attend, reveal } from "../task/attend.js";
import { createTask } from "../task/submit.js";
import { readTaskFile } from "../task/task-file.js";
import { nameOfGroup } from "../task/quanta.js";
import { tune, withQuanta } from "../task/tune.js";
import { bestModel, testSet, writeModel } from "../task/result.js";
import { watchTask } from "../task/watch.js";

const taskId = (text: string): bigint => {
  if (!/^[1-9]\d{0,18}$/.test(text)) throw new InvalidArgumentError("want a task's number");
  return BigInt(text);
};
const nameOf = (table: Record<string, number>, value: number, prefix: string): string =>
  (Object.entries(table).find(([, v]) => v === value)?.[0] ?? `${value}`).replace(prefix, "").toLowerCase();
export const phaseName = (p: Phase): string => nameOf(Phase, p, "PHASE_");
export const outcomeName = (o: Outcome): string => nameOf(Outcome, o, "OUTCOME_");

/** How the best model was found: without a score models were ranked by verified work. */
const ranking = (score: bigint | undefined): string => (score === undefined ? "ranked by work" : `score ${scoreText(score)}`);

const say = (line: string): void => console.error(line);

function finish(context: Context, id: bigint, outcome: Outcome): void {
  if (outcome !== Outcome.OUTCOME_UNSPECIFIED && outcome !== Outcome.OUTCOME_PAID) throw new Error(`task ${id} ended without a payout: ${outcomeName(outcome)}`);
  context.print({ id, outcome: outcomeName(outcome) }, () => (outcome === Outcome.OUTCOME_PAID ? `task ${id} is paid` : `task ${id}: the test set is revealed`));
}

/** The hash of a transaction that went through. */
async function accepted(sender: Sender, message: Message): Promise<string> {
  const r = await sender.send([message]);
  if (r.code !== 0) throw new ChainError(r.codespace, r.code, r.log);
  return r.hash;
}

export function addTask(program: Command, options: (c: Command) => GlobalOptions): void {
  const task = program.command("task").description("training tasks");
  task
    .command("submit")
    .description("submit a task, give its data to the supervisors, reveal the test set when it is time")
    .argument("<file>", "task file, YAML")
    .option("--detach", "come back once the supervisors have the data; reveal later with `task resume`")
    .action(async (path: string, o: { detach?: boolean }, c: Command) => {
      const context = new Context(options(c));
      const file = readTaskFile(path);
      const chain = await context.chain({ lasting: true });
      const sender = await context.sender(chain, { lasting: true });
      const submitter = { chain, sender, home: context.home, allowPrivate: context.allowPrivate, say };
      const { id, submission, found } = await createTask(file, submitter);
      say(found ? `task ${id} was created by an earlier run: going on with it` : `task ${id} is created: fee ${formatAmount(file.fee)}, bond ${formatAmount(file.bond)}`);
      if (!o.detach) return finish(context, id, await attend(id, submission, submitter, "end"));
      const control = new AbortController();
      const confirmed = (async () => {
        for (;;) {
          const { value } = await chain.query(TasksQuery.methods.task, { id });
          const phase = value.task?.phase ?? Phase.PHASE_UNSPECIFIED;
          if (phase > Phase.PHASE_INITIALISATION) return control.abort();
          await new Promise((r) => setTimeout(r, 1000));
        }
      })();
      await attend(id, submission, submitter, "reveal", control.signal).catch((e: Error) => {
        if (!control.signal.aborted) throw e;
      });
      await confirmed;
      context.print({ id }, () => `task ${id} trains. Reveal its test set when asked: pouwd task resume ${id}`);
    });
  task
    .command("tune")
    .description("find quantum groups by short trials on this machine, and write them into the task file")
    .argument("<file>", "task file, YAML")
    .option("--dry-run", "say what was found and leave the file alone")
    .action(async (path: string, o: { dryRun?: boolean }, c: Command) => {
      const context = new Context(options(c));
      const found = await tune(path);
      for (const note of found.notes) say(`note: ${note}`);
      if (!o.dryRun) writeFileSync(path, withQuanta(path, found));
      const { quanta, plan, iterations, tried, replaced } = found;
      context.print({ file: path, written: !o.dryRun, iterations, tried, replaced, quanta }, () =>
        [
          ...tried.map((x) => `quantum 2^${x.quantumLog2}`.padEnd(14) + `loss ${x.loss.toPrecision(5)} after ${iterations} iterations, ${Math.round(100 * x.starved)} % of updates larger than levels·quantum${x.taken ? "  <- taken" : ""}`),
          ...quanta.map((g) => `${nameOfGroup(g, plan, quanta)}: quantum 2^${g.quantumLog2}, levels ${g.levels}`),
          ...(replaced.length > 0 ? [`${o.dryRun ? "would replace" : "replaced"} ${replaced.join(", ")}`] : []),
          o.dryRun ? `${path} is as it was` : `written to ${path}`,
        ].join("\n"),
      );
    });
  task
    .command("resume")
    .description("go on with a submission: give the data, reveal the test set")
    .argument("<id>", "the task's number", taskId)
    .action(async (id: bigint, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const submission = readSubmission(context.home, id);
      const chain = await context.chain({ lasting: true });
      const submitter = { chain, sender: await context.sender(chain, { lasting: true }), home: context.home, allowPrivate: context.allowPrivate, say };
      finish(context, id, await attend(id, submission, submitter, "end"));
    });
  task
    .command("reveal")
    .description("reveal the test set's key now")
    .argument("<id>", "the task's number", taskId)
    .action(async (id: bigint, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const { key } = readSubmission(context.home, id);
      const chain = await context.chain();
      await reveal(id, key, { sender: await context.sender(chain), say });
      context.print({ id }, () => `task ${id}: the test set is revealed`);
    });
  task
    .command("cancel")
    .description("cancel a task that does not train yet")
    .argument("<id>", "the task's number", taskId)
    .action(async (id: bigint, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const sender = await context.sender(chain);
      const hash = await accepted(sender, { codec: MsgCancelTask, value: MsgCancelTask.create({ client: sender.address, taskId: id }) } as Message);
      context.print({ id, hash }, () => `task ${id} is cancelled`);
    });
  task
    .command("stop")
    .description("end a task's training at the iterations anchored now: they are evaluated and paid as ever")
    .argument("<id>", "the task's number", taskId)
    .action(async (id: bigint, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const sender = await context.sender(chain);
      const hash = await accepted(sender, { codec: MsgStopTraining, value: MsgStopTraining.create({ client: sender.address, taskId: id }) } as Message);
      context.print({ id, hash }, () => `task ${id} trains no more; its models are submitted next`);
    });
  task
    .command("watch")
    .description("follow a task until it is over")
    .argument("<id>", "the task's number", taskId)
    .action(async (id: bigint, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      await watchTask(chain, id, { json: context.json, allowPrivate: context.allowPrivate, phaseName });
    });
  task
    .command("show")
    .description("a task as it stands on chain")
    .argument("<id>", "the task's number", taskId)
    .action(async (id: bigint, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const { value } = await chain.query(TasksQuery.methods.task, { id });
      const t = value.task as Task;
      context.print(t, () => describe(t, chain.addresses.prefix));
    });
  task
    .command("list")
    .description("all tasks")
    .option("--open", "only those that are not closed")
    .action(async (o: { open?: boolean }, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const tasks: Task[] = [];
      for (let startAfter = 0n; ; ) {
        const { value } = await chain.query(TasksQuery.methods.tasks, { startAfter, limit: 100, openOnly: o.open ?? false });
        tasks.push(...value.tasks);
        if (value.tasks.length < 100) break;
        startAfter = (value.tasks.at(-1) as Task).id;
      }
      context.print(tasks, () => {
        const table = new Table({ head: ["id", "title", "phase", "fee", "score"], style: { head: [], border: [] } });
        for (const t of tasks) table.push([`${t.id}`, t.spec?.title ?? "", phaseName(t.phase), formatAmount(t.fee), t.bestScore === undefined ? "" : scoreText(t.bestScore)]);
        return table.toString();
      });
    });
  task
    .command("result")
    .description("rebuild a finished task's best model from its log, as a tfjs LayersModel")
    .argument("<id>", "the task's number", taskId)
    .requiredOption("--out <dir>", "folder for model.json and weights.bin")
    .action(async (id: bigint, o: { out: string }, c: Command) => {
      const context = new Context(options(c));
      const model = await bestModel(await context.chain(), id, context.allowPrivate);
      const out = resolve(o.out);
      writeModel(out, model.topology, model.weights);
      context.print({ id, slot: model.slot, score: model.score, clock: model.clock, out }, () => `model of slot ${model.slot}, ${ranking(model.score)}, written to ${out}`);
    });
  task
    .command("test-set")
    .description("write a finished task's test set, as rows of inputs followed by the target, CSV")
    .argument("<id>", "the task's number", taskId)
    .requiredOption("--out <file>", "CSV file")
    .action(async (id: bigint, o: { out: string }, c: Command) => {
      const context = new Context(options(c));
      const { rows, x, y } = await testSet(await context.chain(), id, context.allowPrivate);
      const lines = Array.from({ length: rows }, (_, r) => [...x.subarray((r * x.length) / rows, ((r + 1) * x.length) / rows), ...y.subarray((r * y.length) / rows, ((r + 1) * y.length) / rows)].join(","));
      const out = resolve(o.out);
      writeFileSync(out, `${lines.join("\n")}\n`);
      context.print({ id, rows, out }, () => `${rows} rows written to ${out}`);
    });
}

function describe(t: Task, prefix: string): string {
  const line = (k: string, v: string) => `${k.padEnd(12)}${v}`;
  return [
    line("task", `${t.id}  ${t.spec?.title ?? ""}`),
    line("client", t.client),
    line("phase", `${phaseName(t.phase)} since block ${t.phaseHeight}${t.deadline ? `, until block ${t.deadline}` : ""}`),
    line("outcome", outcomeName(t.outcome)),
    line("fee", `${formatAmount(t.fee)} ${prefix.toUpperCase()}`),
    line("model", `${t.parameters} parameters, ${t.flop} FLOP an iteration`),
    line("group", `${t.spec?.slots} slots, ${t.spec?.supervisors} supervisors, ${t.spec?.evaluators} evaluators, lag ${t.spec?.lag}`),
    ...(t.bestSlot === undefined ? [] : [line("best", `slot ${t.bestSlot}, ${ranking(t.bestScore)}`)]),
  ].join("\n");
}
