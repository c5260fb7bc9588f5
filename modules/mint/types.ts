/** What `mint` needs of other modules and offers. */
import { defineAccounts, type ModuleBank } from "#kernel/accounts.js";
import type { View } from "#kernel/store.js";
import type { Params } from "#proto/gen/cosmos/mint/v1beta1/mint.js";

export const mintAccounts = defineAccounts({ name: "mint", may: ["mint"] });

export interface MintPorts {
  readonly bank: ModuleBank<typeof mintAccounts>;
  readonly staking: {
    params(view: View): { readonly bondDenom: string };
    /** base units of all bonded validators */
    bondedTokens(view: View): bigint;
  };
}

export interface MintKeeper {
  params(view: View): Params;
}
