/** Inflation is begun, changed and ended by votes. */
import { ONE } from "#kernel/dec.js";
import { MintQuery } from "#proto/gen/cosmos/mint/v1beta1/query.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/mint/v1beta1/tx.js";
import { encoded, type ModuleOperations } from "../operation.js";

export const mint: ModuleOperations = {
  operations: [],
  governed: [
    (s) => {
      const { random } = s;
      const { params } = s.chain.query(MintQuery.methods.params);
      if (!params) throw new Error("mint has no parameters");
      const percent = (n: number): string => `${(BigInt(n) * ONE) / 100n}`;
      const least = random.below(10);
      return encoded(MsgUpdateParams, {
        authority: s.authority,
        params: { ...params, inflationMin: percent(least), inflationMax: percent(random.percent(90) ? least + random.below(20) : least - 1), inflationRateChange: percent(random.below(50)), goalBonded: percent(random.between(1, 100)), blocksPerYear: BigInt(random.between(1_000, 10_000_000)) },
      });
    },
  ],
};
