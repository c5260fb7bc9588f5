/** What the end of a block does to a task, phase by phase (protocol section 12). */
import type { Context } from "#kernel/context.js";
import { EvaluationStep, Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { tasksEvents } from "./events.js";
import { changeTask, refundTask } from "./keeper.js";
import type { OpenPhase, Task, TasksPorts, TaskStep } from "./types.js";

const GROUP = [Role.ROLE_MINER, Role.ROLE_SUPERVISOR] as const;

export function advance(ports: TasksPorts, ctx: Context, t: Task): void {
  switch (t.phase) {
    case Phase.PHASE_REGISTRATION:
      return registration(ports, ctx, t);
    case Phase.PHASE_INITIALISATION:
      return initialisation(ports, ctx, t);
    case Phase.PHASE_TRAINING:
      return training(ports, ctx, t);
    case Phase.PHASE_SUBMISSION:
      return submission(ports, ctx, t);
    case Phase.PHASE_SETTLING:
      return settling(ports, ctx, t);
    case Phase.PHASE_EVALUATION:
      return evaluation(ports, ctx, t);
    case Phase.PHASE_CLOSED:
      return;
    default:
      t.phase satisfies never;
  }
}

const isOver = (ctx: Context, { deadline }: Task): boolean => deadline !== undefined && ctx.block.height >= deadline;

const longer = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function enter(ctx: Context, id: bigint, phase: OpenPhase, deadline: bigint | undefined, change: Pick<Task, "training" | "evaluationStep"> = {}): Task {
  const next = changeTask(ctx, id, { ...change, phase, phaseHeight: ctx.block.height, deadline });
  ctx.emit(tasksEvents.phase({ task: id, phase, deadline: deadline ?? 0n }));
  return next;
}

function trainingOf(t: Task): NonNullable<Task["training"]> {
  if (!t.training) throw new Error(`tasks: task ${t.id} is in phase ${t.phase} and never trained`);
  return t.training;
}

function registration(ports: TasksPorts, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  // The draw is by the beacon of a later block than the one that shows who could be drawn.
  if (height > t.createdHeight && ports.matching.fill(ctx, t, GROUP)) {
    enter(ctx, t.id, Phase.PHASE_INITIALISATION, height + longer(t.spec.dataBlocks, t.terms.joinBlocks));
    return;
  }
  if (isOver(ctx, t)) refundTask(ports, ctx, t.id, Outcome.OUTCOME_NO_MATCH);
}

function initialisation(ports: TasksPorts, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  const { joinBlocks, maxRedraws, slashNoShow } = t.terms;
  const seats = ports.matching.seats(ctx, t.id);
  // Seats are drawn one by one while Registration lasts; the time to join begins with Initialisation, or a later redraw.
  const late = seats.filter((s) => !s.joined && height >= longer(s.drawnHeight, t.phaseHeight) + joinBlocks);
  if (late.length > 0) {
    for (const s of late) {
      ports.matching.slash(ctx, s, slashNoShow, {});
      ports.matching.vacate(ctx, s);
      ctx.emit(tasksEvents.noShow({ task: t.id, role: s.role, seat: s.index, worker: s.worker }));
    }
    if (t.redraws >= maxRedraws) return refundTask(ports, ctx, t.id, Outcome.OUTCOME_NO_SHOW);
    // New supervisors need the data too.
    changeTask(ctx, t.id, { redraws: t.redraws + 1, deadline: height + joinBlocks + t.spec.dataBlocks });
    return;
  }
  if (!ports.matching.fill(ctx, t, GROUP)) {
    if (isOver(ctx, t)) refundTask(ports, ctx, t.id, Outcome.OUTCOME_NO_SHOW);
    return;
  }
  const supervisors = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR);
  const confirmed = supervisors.filter((s) => s.confirmed).length;
  if (seats.length === t.spec.slots + t.spec.supervisors && seats.every((s) => s.joined) && 2 * confirmed > supervisors.length) {
    return start(ports, ctx, t);
  }
  if (isOver(ctx, t)) refundTask(ports, ctx, t.id, Outcome.OUTCOME_NO_DATA);
}

function start(ports: TasksPorts, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  const beacon = ports.beacon.at(ctx, height);
  if (!beacon) throw new Error(`tasks: no beacon of block ${height}`);
  const begun = enter(ctx, t.id, Phase.PHASE_TRAINING, height + t.spec.trainingBlocks, { training: { start: height, beacon } });
  ports.supervision.start(ctx, begun);
}

function training(ports: TasksPorts, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  const begun = trainingOf(t);
  if (height === begun.start || (!isOver(ctx, t) && !ports.supervision.allDone(ctx, t))) return;
  const ended = enter(ctx, t.id, Phase.PHASE_SUBMISSION, height + t.terms.submissionBlocks, { training: { ...begun, end: height } });
  ports.supervision.freeze(ctx, ended);
}

function submission(ports: TasksPorts, ctx: Context, t: Task): void {
  if (!isOver(ctx, t) && !ports.evaluation.allSubmitted(ctx, t.id)) return;
  ports.evaluation.fillSubmissions(ctx, t.id);
  enter(ctx, t.id, Phase.PHASE_SETTLING, undefined);
}

/** Until the last head that moved was drawn for and can be claimed no more, and every job is decided. */
function settling(ports: TasksPorts, ctx: Context, t: Task): void {
  const { drawDelay, claimWindow } = t.terms;
  const last = t.lastAdvance ?? trainingOf(t).end;
  if (last === undefined) throw new Error(`tasks: task ${t.id} settles and still trains`);
  if (ctx.block.height <= last + drawDelay + claimWindow) return;
  if (!ports.work.settled(ctx, t.id)) return;
  enter(ctx, t.id, Phase.PHASE_EVALUATION, ctx.block.height + t.terms.revealKeyBlocks, { evaluationStep: EvaluationStep.EVALUATION_STEP_KEY });
}

function evaluation(ports: TasksPorts, ctx: Context, t: Task): void {
  const { commitBlocks, revealScoresBlocks } = t.terms;
  const step = (to: TaskStep, blocks: bigint): void => {
    const deadline = ctx.block.height + blocks;
    changeTask(ctx, t.id, { evaluationStep: to, deadline });
    ctx.emit(tasksEvents.evaluationStep({ task: t.id, step: to, deadline }));
  };
  switch (t.evaluationStep) {
    case EvaluationStep.EVALUATION_STEP_KEY: {
      const full = ports.matching.fill(ctx, t, [Role.ROLE_EVALUATOR]);
      if (full && t.testKey) return step(EvaluationStep.EVALUATION_STEP_COMMIT, commitBlocks + ports.evaluation.distinctClocks(ctx, t.id));
      // Without a test set, or anybody to evaluate on it, models are ranked by verified work.
      if (isOver(ctx, t)) ports.evaluation.pay(ctx, t.id, { byWork: true });
      return;
    }
    case EvaluationStep.EVALUATION_STEP_COMMIT:
      if (!isOver(ctx, t) && !ports.evaluation.allCommitted(ctx, t.id)) return;
      ports.evaluation.slashAbsent(ctx, t.id, "commit");
      return step(EvaluationStep.EVALUATION_STEP_REVEAL, revealScoresBlocks);
    case EvaluationStep.EVALUATION_STEP_REVEAL:
      if (!isOver(ctx, t) && !ports.evaluation.allRevealed(ctx, t.id)) return;
      ports.evaluation.slashAbsent(ctx, t.id, "reveal");
      return ports.evaluation.pay(ctx, t.id, { byWork: false });
    case undefined:
      throw new Error(`tasks: task ${t.id} is in Evaluation, in no step of it`);
    default:
      t.evaluationStep satisfies never;
  }
}
