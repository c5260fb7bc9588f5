/** What must hold of proofs after every block. */
import { equalBytes } from "#kernel/bytes.js";
import type { Invariants } from "#kernel/module.js";
import { hashOf, hashText, unwrapped } from "./equivocation.js";
import { evidences } from "./store.js";

export const evidenceInvariants: Invariants = {
  "a proof stands under its hash": (ctx) =>
    evidences
      .entries(ctx)
      .filter(({ key: [hash], value }) => !equalBytes(hash, hashOf(ctx.crypto, unwrapped(value))))
      .map(({ key: [hash] }) => `what stands under ${hashText(hash)} has another hash`)[0],
};
