/** `evaluation`: which models stand, what evaluators commit and reveal, ranking and payout. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { EvaluationQuery } from "#proto/gen/pouw/evaluation/v1/query.js";
import { EvaluationMsg } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { evaluationErrors } from "./errors.js";
import { evaluationEvents } from "./events.js";
import { evaluationGenesis } from "./genesis.js";
import { evaluationInvariants } from "./invariants.js";
import { evaluationKeeper } from "./keeper.js";
import { evaluationMessages } from "./messages.js";
import { evaluationQueries } from "./queries.js";
import { store } from "./store.js";
import type { EvaluationPorts } from "./types.js";

export type { EvaluationKeeper, EvaluationPorts } from "./types.js";

export const evaluation = defineModule({
  name: "evaluation",
  store,
  errors: evaluationErrors,
  events: evaluationEvents,
  create(ports: EvaluationPorts) {
    const keeper = evaluationKeeper(ports);
    return {
      keeper,
      messages: implementMsg("evaluation", EvaluationMsg, evaluationMessages(ports)),
      queries: implementQuery(EvaluationQuery, evaluationQueries(ports, keeper)),
      genesis: evaluationGenesis(ports),
      invariants: evaluationInvariants(ports),
    };
  },
});
