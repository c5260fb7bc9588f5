/** Messages of `evaluation`. The ante handler has authenticated the miner or evaluator. */
import { updateParams } from "#kernel/authority.js";
import type { View } from "#kernel/store.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { EvaluationMsg } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { EvaluationStep, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { isScoreCommit } from "#protocol/tasks/scores.js";
import { evaluationErrors as errors } from "./errors.js";
import { evaluationEvents } from "./events.js";
import { evaluatorsOf, finalSeq, putCommitment, putSubmission } from "./keeper.js";
import { params } from "./params.js";
import { commitments, submissions } from "./store.js";
import type { EvaluationPorts, Task } from "./types.js";

export function evaluationMessages(ports: EvaluationPorts): MsgHandlers<typeof EvaluationMsg> {
  const taskIn = (view: View, id: bigint, phase: Phase, step?: EvaluationStep): Task => {
    const t = ports.tasks.get(view, id);
    if (!t) throw errors.unknownTask(`task ${id}`);
    if (t.phase !== phase || (step !== undefined && t.evaluationStep !== step)) throw errors.wrongPhase(`task ${id} is in phase ${t.phase}, step ${t.evaluationStep ?? 0}`);
    return t;
  };
  const mustBeDrawn = (view: View, taskId: bigint, worker: string): void => {
    if (!evaluatorsOf(ports, view, taskId).some((s) => s.worker === worker)) throw errors.notEvaluator(`${worker} in task ${taskId}`);
  };

  return {
    submitModel(ctx, m) {
      const { id } = taskIn(ctx, m.taskId, Phase.PHASE_SUBMISSION);
      const mine = ports.matching.seats(ctx, id, Role.ROLE_MINER).some((s) => s.index === m.slot && s.worker === m.miner);
      if (!mine) throw errors.notYourSlot(`slot ${m.slot} of task ${id}`);
      const slots = ports.supervision.slots(ctx, id);
      if (m.clock.length !== slots.length) throw errors.badClock(`got ${m.clock.length} entries, want ${slots.length}`);
      slots.forEach((s, i) => {
        const anchored = finalSeq(s, id);
        if ((m.clock[i] as bigint) > anchored) throw errors.badClock(`slot ${i}: got ${m.clock[i]}, anchored is ${anchored}`);
      });
      putSubmission(ctx, id, { slot: m.slot, clock: m.clock, byDefault: false });
      ctx.emit(evaluationEvents.submitted({ task: id, slot: m.slot, clock: m.clock.join(",") }));
      return {};
    },

    commitScores(ctx, { taskId, evaluator, commitment }) {
      const { id } = taskIn(ctx, taskId, Phase.PHASE_EVALUATION, EvaluationStep.EVALUATION_STEP_COMMIT);
      mustBeDrawn(ctx, id, evaluator);
      if (commitment.length !== 32) throw errors.badCommitment(`got ${commitment.length} bytes`);
      if (commitments.has(ctx, id, evaluator)) throw errors.committed(evaluator);
      putCommitment(ctx, id, { evaluator, commitment });
      ctx.emit(evaluationEvents.committed({ task: id, evaluator }));
      return {};
    },

    revealScores(ctx, { taskId, evaluator, salt, scores }) {
      const { id } = taskIn(ctx, taskId, Phase.PHASE_EVALUATION, EvaluationStep.EVALUATION_STEP_REVEAL);
      mustBeDrawn(ctx, id, evaluator);
      const c = commitments.get(ctx, id, evaluator);
      if (!c) throw errors.notCommitted(evaluator);
      if (c.opened) throw errors.revealed(evaluator);
      const wanted = submissions.list(ctx, { prefix: [id] }).map((s) => s.slot);
      const fits = scores.length === 0 || (scores.length === wanted.length && wanted.every((slot, i) => scores[i]?.slot === slot));
      if (!fits) throw errors.badScores(`got slots ${scores.map((s) => s.slot).join(",")}, want ${wanted.join(",")}`);
      const content = { taskId: id, address: ctx.addresses.parse(evaluator), salt, scores };
      if (salt.length !== 32 || !isScoreCommit(ctx.crypto, c.commitment, content)) throw errors.mismatch(evaluator);
      putCommitment(ctx, id, { ...c, opened: { salt, scores } });
      ctx.emit(evaluationEvents.revealed({ task: id, evaluator, scores: scores.map((s) => `${s.slot}:${s.score}`).join(",") }));
      return {};
    },

    updateParams: updateParams(params),
  };
}
