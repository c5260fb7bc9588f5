/** What the end of a block does to a task, phase by phase (protocol section 12). */
import { type Context, event } from "#kernel/context.js";
import { Outcome, Phase, Role, type Seat, type Task } from "#proto/gen/pouw.js";
import type { TasksKeeper, TasksPorts } from "./types.js";

const KEY_STEP = 1n;
const COMMIT_STEP = 2n;
const REVEAL_STEP = 3n;

export function advance(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  switch (t.phase) {
    case Phase.PHASE_REGISTRATION:
      return registration(ports, keeper, ctx, t);
    case Phase.PHASE_INITIALISATION:
      return initialisation(ports, keeper, ctx, t);
    case Phase.PHASE_TRAINING:
      return training(ports, keeper, ctx, t);
    case Phase.PHASE_SUBMISSION:
      return submission(ports, keeper, ctx, t);
    case Phase.PHASE_SETTLING:
      return settling(ports, keeper, ctx, t);
    case Phase.PHASE_EVALUATION:
      return evaluation(ports, keeper, ctx, t);
    case Phase.PHASE_UNSPECIFIED:
    case Phase.PHASE_PAYOUT:
    case Phase.PHASE_CLOSED:
      return;
    default:
      t.phase satisfies never;
  }
}

function enter(keeper: TasksKeeper, ctx: Context, t: Task, phase: Phase, deadline: bigint): Task {
  const next = { ...t, phase, phaseHeight: ctx.block.height, deadline };
  keeper.set(ctx, next);
  ctx.emit(event("task_phase", { task: t.id, phase, deadline }));
  return next;
}

function registration(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  // The draw is by the beacon of a later block than the one that shows who could be drawn.
  if (height > t.createdHeight && ports.seats.fill(ctx, t, [Role.ROLE_MINER, Role.ROLE_SUPERVISOR])) {
    const p = ports.params.get(ctx);
    const data = t.spec?.dataBlocks ?? 0n;
    enter(keeper, ctx, t, Phase.PHASE_INITIALISATION, height + (data > p.joinBlocks ? data : p.joinBlocks));
    return;
  }
  if (height >= t.deadline) keeper.refund(ctx, t, Outcome.OUTCOME_NO_MATCH);
}

function initialisation(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  const p = ports.params.get(ctx);
  const seats = ports.seats.seats(ctx, t.id);
  // Seats are drawn one by one while Registration lasts; the time to join begins with Initialisation, or a later redraw.
  const since = (s: Seat): bigint => (s.drawnHeight > t.phaseHeight ? s.drawnHeight : t.phaseHeight);
  const late = seats.filter((s) => !s.joined && height >= since(s) + p.joinBlocks);
  if (late.length > 0) {
    for (const s of late) {
      ports.seats.slash(ctx, s, p.slashNoShow, {});
      ports.seats.vacate(ctx, s);
      ctx.emit(event("no_show", { task: t.id, role: s.role, seat: s.index, worker: s.worker }));
    }
    const now = keeper.must(ctx, t.id);
    if (now.redraws >= p.maxRedraws) return keeper.refund(ctx, now, Outcome.OUTCOME_NO_SHOW);
    // New supervisors need the data too.
    const deadline = height + p.joinBlocks + (t.spec?.dataBlocks ?? 0n);
    return keeper.set(ctx, { ...now, redraws: now.redraws + 1, deadline });
  }
  if (!ports.seats.fill(ctx, t, [Role.ROLE_MINER, Role.ROLE_SUPERVISOR])) {
    if (height >= t.deadline) keeper.refund(ctx, keeper.must(ctx, t.id), Outcome.OUTCOME_NO_SHOW);
    return;
  }
  const supervisors = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR);
  const confirmed = supervisors.filter((s) => s.confirmed).length;
  const all = t.spec ? t.spec.slots + t.spec.supervisors : 0;
  if (seats.length === all && seats.every((s) => s.joined) && 2 * confirmed > supervisors.length) {
    return start(ports, keeper, ctx, t, seats.filter((s) => s.role === Role.ROLE_MINER));
  }
  if (height >= t.deadline) keeper.refund(ctx, t, Outcome.OUTCOME_NO_DATA);
}

function start(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task, miners: Seat[]): void {
  const { height } = ctx.block;
  const startBeacon = ports.beacon.at(ctx, height);
  if (!startBeacon) throw new Error(`tasks: no beacon of block ${height}`);
  const begun = enter(keeper, ctx, { ...t, startHeight: height, startBeacon }, Phase.PHASE_TRAINING, height + (t.spec?.trainingBlocks ?? 0n));
  ports.slots.start(ctx, begun, miners);
}

function training(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  if (height === t.startHeight || (height < t.deadline && !ports.slots.allDone(ctx, t))) return;
  const ended = enter(keeper, ctx, { ...t, trainingEnd: height }, Phase.PHASE_SUBMISSION, height + ports.params.get(ctx).submissionBlocks);
  ports.slots.freeze(ctx, ended);
}

function submission(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  if (ctx.block.height < t.deadline && !ports.evaluation.allSubmitted(ctx, t)) return;
  ports.evaluation.fillSubmissions(ctx, t);
  enter(keeper, ctx, keeper.must(ctx, t.id), Phase.PHASE_SETTLING, 0n);
}

function settling(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  const p = ports.params.get(ctx);
  const last = t.lastAdvance > 0n ? t.lastAdvance : t.trainingEnd;
  if (ctx.block.height <= last + p.drawDelay + p.claimWindow) return;
  if (!ports.work.settled(ctx, t.id)) return;
  enter(keeper, ctx, { ...t, evaluationStep: KEY_STEP }, Phase.PHASE_EVALUATION, ctx.block.height + p.revealKeyBlocks);
}

function evaluation(ports: TasksPorts, keeper: TasksKeeper, ctx: Context, t: Task): void {
  const { height } = ctx.block;
  const p = ports.params.get(ctx);
  const step = (to: bigint, blocks: bigint) => {
    const now = keeper.must(ctx, t.id);
    keeper.set(ctx, { ...now, evaluationStep: to, deadline: height + blocks });
    ctx.emit(event("evaluation_step", { task: t.id, step: to, deadline: height + blocks }));
  };
  if (t.evaluationStep === KEY_STEP) {
    const full = ports.seats.fill(ctx, t, [Role.ROLE_EVALUATOR]);
    if (full && t.testKey.length > 0) return step(COMMIT_STEP, p.commitBlocks + ports.evaluation.distinctClocks(ctx, t.id));
    if (height >= t.deadline) ports.evaluation.pay(ctx, { ...t, rankedByWork: true });
    return;
  }
  if (t.evaluationStep === COMMIT_STEP) {
    if (height < t.deadline && !ports.evaluation.allCommitted(ctx, t)) return;
    ports.evaluation.slashAbsent(ctx, t, "commit");
    return step(REVEAL_STEP, p.revealScoresBlocks);
  }
  if (height < t.deadline && !ports.evaluation.allRevealed(ctx, t)) return;
  ports.evaluation.slashAbsent(ctx, t, "reveal");
  ports.evaluation.pay(ctx, keeper.must(ctx, t.id));
}
