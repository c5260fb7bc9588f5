/** `evaluation`: which models stand, what evaluators commit and reveal, ranking and payout. */
import { u64be } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { dumpStore, loadStore } from "#kernel/dump.js";
import { defineError, sdk } from "#kernel/errors.js";
import { type AppModule, message, query } from "#kernel/module.js";
import type { View } from "#kernel/store.js";
import {
  MsgCommitScores, MsgCommitScoresResponse, MsgRevealScores, MsgRevealScoresResponse, MsgSubmitModel, MsgSubmitModelResponse, Phase,
  QueryTaskResultRequest, QueryTaskResultResponse, Role, ScoreReveal, type Seat, SlotStatus, type Submission, type Task,
} from "#proto/gen/pouw.js";
import { isScoreCommit } from "#protocol/tasks/scores.js";
import { pay } from "./payout.js";
import { payouts, reveals, scores, STORE, submissions } from "./store.js";
import type { EvaluationPorts } from "./types.js";

export type { EvaluationPorts } from "./types.js";

export const evaluationErrors = {
  unknownTask: defineError("evaluation", 2, "no task has this id"),
  wrongPhase: defineError("evaluation", 3, "the task's phase does not take this message"),
  notYourSlot: defineError("evaluation", 4, "the miner has no such slot"),
  badClock: defineError("evaluation", 5, "a clock names, for every slot, a message at or below its anchored head"),
  notEvaluator: defineError("evaluation", 6, "the worker was not drawn to evaluate this task"),
  badCommitment: defineError("evaluation", 7, "a commitment has 32 bytes"),
  committed: defineError("evaluation", 8, "the evaluator has committed already"),
  notCommitted: defineError("evaluation", 9, "the evaluator has not committed"),
  revealed: defineError("evaluation", 10, "the evaluator has revealed already"),
  mismatch: defineError("evaluation", 11, "salt and scores are not what was committed"),
  badScores: defineError("evaluation", 12, "scores name every submitted slot once, ascending, or none at all"),
};

const COMMIT_STEP = 2n;
const REVEAL_STEP = 3n;

export interface EvaluationKeeper {
  submissions(ctx: View, taskId: bigint): Submission[];
  reveals(ctx: View, taskId: bigint): ScoreReveal[];
  allSubmitted(ctx: View, t: Task): boolean;
  fillSubmissions(ctx: Context, t: Task): void;
  distinctClocks(ctx: View, taskId: bigint): bigint;
  allCommitted(ctx: View, t: Task): boolean;
  allRevealed(ctx: View, t: Task): boolean;
  slashAbsent(ctx: Context, t: Task, step: "commit" | "reveal"): void;
  pay(ctx: Context, t: Task): void;
}

export function defineEvaluation(ports: EvaluationPorts): { module: AppModule; keeper: EvaluationKeeper } {
  const evaluators = (ctx: View, id: bigint): Seat[] => ports.seats.seats(ctx, id, Role.ROLE_EVALUATOR);
  const workersOf = (list: readonly Seat[]): string[] => [...new Set(list.map((s) => s.worker))];
  const keeper: EvaluationKeeper = {
    submissions: (ctx, id) => submissions.list(ctx, u64be(id)),
    reveals: (ctx, id) => reveals.list(ctx, u64be(id)),
    allSubmitted: (ctx, t) => ports.slots.slots(ctx, t.id).every((s) => s.status === SlotStatus.SLOT_CLOSED_FAULT || submissions.has(ctx, t.id, s.slot)),
    fillSubmissions(ctx, t) {
      const slots = ports.slots.slots(ctx, t.id);
      const clock = slots.map((s) => s.finalSeq);
      for (const s of slots) if (!submissions.has(ctx, t.id, s.slot)) submissions.set(ctx, { slot: s.slot, clock, byDefault: true }, t.id, s.slot);
    },
    distinctClocks: (ctx, id) => BigInt(new Set(keeper.submissions(ctx, id).map((s) => s.clock.join(","))).size),
    allCommitted: (ctx, t) => workersOf(evaluators(ctx, t.id)).every((w) => reveals.has(ctx, t.id, w)),
    allRevealed: (ctx, t) => keeper.reveals(ctx, t.id).every((r) => r.revealed),
    slashAbsent(ctx, t, step) {
      const p = ports.params.get(ctx);
      for (const s of evaluators(ctx, t.id)) {
        const r = reveals.get(ctx, t.id, s.worker);
        if (step === "commit" && !r) ports.seats.slash(ctx, s, p.slashNoShow, {});
        if (step === "reveal" && r && !r.revealed) ports.seats.slash(ctx, s, p.slashEvaluator, {});
      }
    },
    pay: (ctx, t) => pay(ports, ctx, t),
  };

  const taskIn = (ctx: View, id: bigint, phase: Phase, step = 0n): Task => {
    const t = ports.tasks.get(ctx, id);
    if (!t) throw evaluationErrors.unknownTask(`task ${id}`);
    if (t.phase !== phase || (step > 0n && t.evaluationStep !== step)) throw evaluationErrors.wrongPhase(`task ${id} is in phase ${t.phase}, step ${t.evaluationStep}`);
    return t;
  };

  const submitModel = (ctx: Context, m: MsgSubmitModel): MsgSubmitModelResponse => {
    const t = taskIn(ctx, m.taskId, Phase.PHASE_SUBMISSION);
    const mine = ports.seats.seats(ctx, t.id, Role.ROLE_MINER).some((s) => s.index === m.slot && s.worker === m.miner);
    if (!mine) throw evaluationErrors.notYourSlot(`slot ${m.slot} of task ${t.id}`);
    const slots = ports.slots.slots(ctx, t.id);
    if (m.clock.length !== slots.length) throw evaluationErrors.badClock(`got ${m.clock.length} entries, want ${slots.length}`);
    slots.forEach((s, i) => {
      if ((m.clock[i] as bigint) > s.finalSeq) throw evaluationErrors.badClock(`slot ${i}: got ${m.clock[i]}, anchored is ${s.finalSeq}`);
    });
    submissions.set(ctx, { slot: m.slot, clock: m.clock, byDefault: false }, t.id, m.slot);
    ctx.emit(event("model_submitted", { task: t.id, slot: m.slot, clock: m.clock.join(",") }));
    return {};
  };

  const drawn = (ctx: View, t: Task, worker: string): void => {
    if (!evaluators(ctx, t.id).some((s) => s.worker === worker)) throw evaluationErrors.notEvaluator(`${worker} in task ${t.id}`);
  };
  const commit = (ctx: Context, m: MsgCommitScores): MsgCommitScoresResponse => {
    const t = taskIn(ctx, m.taskId, Phase.PHASE_EVALUATION, COMMIT_STEP);
    drawn(ctx, t, m.evaluator);
    if (m.commitment.length !== 32) throw evaluationErrors.badCommitment(`got ${m.commitment.length} bytes`);
    if (reveals.has(ctx, t.id, m.evaluator)) throw evaluationErrors.committed(m.evaluator);
    reveals.set(ctx, ScoreReveal.create({ evaluator: m.evaluator, commitment: m.commitment }), t.id, m.evaluator);
    ctx.emit(event("scores_committed", { task: t.id, evaluator: m.evaluator }));
    return {};
  };
  const reveal = (ctx: Context, m: MsgRevealScores): MsgRevealScoresResponse => {
    const t = taskIn(ctx, m.taskId, Phase.PHASE_EVALUATION, REVEAL_STEP);
    drawn(ctx, t, m.evaluator);
    const r = reveals.get(ctx, t.id, m.evaluator);
    if (!r) throw evaluationErrors.notCommitted(m.evaluator);
    if (r.revealed) throw evaluationErrors.revealed(m.evaluator);
    const wanted = keeper.submissions(ctx, t.id).map((s) => s.slot);
    const fits = m.scores.length === 0 || (m.scores.length === wanted.length && wanted.every((slot, i) => m.scores[i]?.slot === slot));
    if (!fits) throw evaluationErrors.badScores(`got slots ${m.scores.map((s) => s.slot).join(",")}, want ${wanted.join(",")}`);
    if (m.salt.length !== 32 || !isScoreCommit(ctx.crypto, r.commitment, { taskId: t.id, address: ctx.addresses.parse(m.evaluator), salt: m.salt, scores: m.scores })) throw evaluationErrors.mismatch(m.evaluator);
    reveals.set(ctx, { ...r, revealed: true, salt: m.salt, scores: m.scores }, t.id, m.evaluator);
    ctx.emit(event("scores_revealed", { task: t.id, evaluator: m.evaluator, scores: m.scores.map((s) => `${s.slot}:${s.score}`).join(",") }));
    return {};
  };

  const module: AppModule = {
    name: "evaluation",
    stores: [STORE],
    messages: [
      message("evaluation", MsgSubmitModel, MsgSubmitModelResponse, submitModel),
      message("evaluation", MsgCommitScores, MsgCommitScoresResponse, commit),
      message("evaluation", MsgRevealScores, MsgRevealScoresResponse, reveal),
    ],
    queries: [
      query("/pouw.v1.Query/TaskResult", QueryTaskResultRequest, QueryTaskResultResponse, (ctx, q) => {
        const task = ports.tasks.whole(ctx, q.id);
        if (!task) throw sdk.keyNotFound(`rpc error: code = NotFound desc = task ${q.id} not found`);
        const prefix = u64be(q.id);
        return {
          task,
          slots: ports.slots.slots(ctx, q.id),
          payouts: payouts.list(ctx, prefix),
          reveals: reveals.list(ctx, prefix),
          scores: scores.list(ctx, prefix),
          totals: ports.work.totals(ctx, q.id),
        };
      }),
    ],
    initGenesis(ctx, genesis) {
      const entries = ((genesis ?? {}) as { entries?: unknown }).entries;
      if (entries !== undefined) loadStore(ctx, STORE, entries);
    },
    exportGenesis: (ctx) => ({ entries: dumpStore(ctx, STORE) }),
  };
  return { module, keeper };
}
