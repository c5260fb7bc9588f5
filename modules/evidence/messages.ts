/** The message of `evidence`. Proofs of double signing come from the engine, which checks them; no other kind has a handler, so every message ends in a refusal. */
import { sdk } from "#kernel/errors.js";
import type { MsgChecks, MsgHandlers } from "#kernel/services.js";
import type { EvidenceMsg } from "#proto/gen/cosmos/evidence/v1beta1/tx.js";
import { basicFault, hashOf, hashText, ROUTE, unwrapped } from "./equivocation.js";
import { evidenceErrors } from "./errors.js";
import { evidences } from "./store.js";

export const evidenceMessages: MsgHandlers<typeof EvidenceMsg> = {
  submitEvidence(ctx, { submitter, evidence }) {
    ctx.addresses.parse(submitter);
    if (!evidence) throw evidenceErrors.invalid("missing evidence");
    const e = unwrapped(evidence);
    const fault = basicFault(e);
    if (fault) throw evidenceErrors.invalid(`failed basic validation: ${fault}`);
    const hash = hashOf(ctx.crypto, e);
    if (evidences.has(ctx, hash)) throw evidenceErrors.exists(hashText(hash));
    throw evidenceErrors.noHandler(ROUTE);
  },
};

export const evidenceChecks: MsgChecks<typeof EvidenceMsg> = {
  submitEvidence({ evidence }) {
    if (!evidence) return;
    try {
      unwrapped(evidence);
    } catch (e) {
      throw sdk.txDecode((e as Error).message);
    }
  },
};
