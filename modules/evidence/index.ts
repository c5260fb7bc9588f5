/** `evidence`: proofs of faults, which the engine hands over. Message, queries and genesis are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { EvidenceQuery } from "#proto/gen/cosmos/evidence/v1beta1/query.js";
import { EvidenceMsg } from "#proto/gen/cosmos/evidence/v1beta1/tx.js";
import { evidenceErrors } from "./errors.js";
import { evidenceGenesis } from "./genesis.js";
import { evidenceInvariants } from "./invariants.js";
import { evidenceKeeper } from "./keeper.js";
import { evidenceChecks, evidenceMessages } from "./messages.js";
import { evidenceQueries } from "./queries.js";
import { store } from "./store.js";
import type { EvidencePorts } from "./types.js";

export type { EvidenceKeeper, EvidencePorts } from "./types.js";

export const evidence = defineModule({
  name: "evidence",
  store,
  errors: evidenceErrors,
  create(ports: EvidencePorts) {
    const keeper = evidenceKeeper(ports);
    return {
      keeper,
      messages: implementMsg("evidence", EvidenceMsg, evidenceMessages, evidenceChecks),
      queries: implementQuery(EvidenceQuery, evidenceQueries),
      genesis: evidenceGenesis,
      beginBlock: (ctx) => keeper.judge(ctx),
      invariants: evidenceInvariants,
    };
  },
});
