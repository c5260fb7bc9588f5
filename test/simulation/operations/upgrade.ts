/** Plans of upgrades, made and unmade; what a program does at the height is not this chain's (app/upgrade.ts). */
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { encoded, type ModuleOperations } from "../operation.js";

export const upgrade: ModuleOperations = {
  operations: [],
  governed: [
    (s) => encoded(MsgSoftwareUpgrade, { authority: s.authority, plan: { name: `v${s.random.below(9)}`, time: undefined, height: s.chain.height + BigInt(s.random.between(-5, 100)), info: "", upgradedClientState: undefined } }),
    (s) => encoded(MsgCancelUpgrade, { authority: s.authority }),
  ],
};
