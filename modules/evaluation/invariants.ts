/** What holds of `evaluation` after every block. */
import type { Invariants } from "#kernel/module.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { submissions } from "./store.js";
import type { EvaluationPorts } from "./types.js";

export const evaluationInvariants = (ports: Pick<EvaluationPorts, "tasks">): Invariants => ({
  "every slot stands for a model once Submission is over"(ctx) {
    for (const { id, phase, spec } of ports.tasks.open(ctx)) {
      if (phase !== Phase.PHASE_SETTLING && phase !== Phase.PHASE_EVALUATION) continue;
      const found = submissions.keys(ctx, { prefix: [id] }).length;
      if (found !== spec.slots) return `task ${id} has ${found} submissions of ${spec.slots} slots`;
    }
    return undefined;
  },
});
