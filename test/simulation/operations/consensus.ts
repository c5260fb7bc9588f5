/** What the engine is set to. */
import { MsgUpdateParams } from "#proto/gen/cosmos/consensus/v1/tx.js";
import { encoded, type ModuleOperations } from "../operation.js";

export const consensus: ModuleOperations = {
  operations: [],
  governed: [
    (s) => {
      const { random } = s;
      const { evidence, validator } = s.chain.k.consensus.params(s.chain.ctx);
      const age = { maxAgeNumBlocks: BigInt(random.between(5, 100)), maxAgeDuration: { seconds: BigInt(random.between(5, 100)), nanos: 0 } };
      return encoded(MsgUpdateParams, { authority: s.authority, block: { maxBytes: BigInt(random.between(1_000, 20_000_000)), maxGas: random.percent(50) ? -1n : 50_000_000n }, evidence: { maxBytes: evidence?.maxBytes ?? 0n, ...age }, validator });
    },
  ],
};
