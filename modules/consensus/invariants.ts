/** What must hold of what the engine is set to. */
import type { Invariants } from "#kernel/module.js";
import { paramsFault } from "./params.js";
import { consensusKeeper } from "./keeper.js";
import type { ConsensusPorts } from "./types.js";

export const consensusInvariants = (ports: ConsensusPorts): Invariants => ({
  "blocks have room for transaction 0 of all validators": (ctx) => paramsFault(consensusKeeper.params(ctx), Math.max(ports.staking.params(ctx).maxValidators, ports.staking.members(ctx).length)),
});
