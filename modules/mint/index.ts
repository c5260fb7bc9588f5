/** `mint`: inflation, which goes the way of fees. Messages, events, queries and genesis are the Cosmos SDK's own. */
import { FEE_COLLECTOR } from "#kernel/accounts.js";
import { utf8 } from "#kernel/bytes.js";
import { updateParams } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import { decOf, decText, fromWire } from "#kernel/dec.js";
import { defineGenesis } from "#kernel/genesis.js";
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import type { View } from "#kernel/store.js";
import { GenesisState } from "#proto/gen/cosmos/mint/v1beta1/genesis.js";
import { Minter, type Params } from "#proto/gen/cosmos/mint/v1beta1/mint.js";
import { MintQuery } from "#proto/gen/cosmos/mint/v1beta1/query.js";
import { MintMsg } from "#proto/gen/cosmos/mint/v1beta1/tx.js";
import { mintEvents } from "./events.js";
import { annualProvisions, blockProvision, nextInflation } from "./inflation.js";
import { params } from "./params.js";
import { minter, store } from "./store.js";
import { mintAccounts, type MintKeeper, type MintPorts } from "./types.js";

export type { MintKeeper, MintPorts } from "./types.js";

const NOTHING: Minter = { inflation: "0", annualProvisions: "0" };

export const mint = defineModule({
  name: "mint",
  accounts: mintAccounts,
  store,
  events: mintEvents,
  create(ports: MintPorts) {
    const paramsOf = (view: View): Params => {
      const p = params.get(view);
      return p.mintDenom === "" ? { ...p, mintDenom: ports.staking.params(view).bondDenom } : p;
    };
    const minterAt = (view: View): Minter => minter.get(view) ?? NOTHING;
    const keeper: MintKeeper = { params: paramsOf };
    return {
      keeper,
      messages: implementMsg("mint", MintMsg, { updateParams: updateParams(params) }),
      queries: implementQuery(MintQuery, {
        params: (ctx) => ({ params: paramsOf(ctx) }),
        inflation: (ctx) => ({ inflation: utf8(minterAt(ctx).inflation) }),
        annualProvisions: (ctx) => ({ annualProvisions: utf8(minterAt(ctx).annualProvisions) }),
      }),
      genesis: defineGenesis("mint", {
        codec: GenesisState,
        params,
        init(ctx, state, at) {
          const m = state.minter ?? NOTHING;
          if (fromWire(m.inflation) < 0n) throw new Error(`${at}.minter.inflation: got ${decText(fromWire(m.inflation))}, want at least 0`);
          minter.set(ctx, { ...NOTHING, ...m });
        },
        export: (ctx) => ({ params: undefined, minter: minterAt(ctx) }),
      }),
      beginBlock(ctx: Context) {
        const p = paramsOf(ctx);
        const { bondDenom } = ports.staking.params(ctx);
        const supply = ports.bank.supply(ctx, bondDenom);
        // By an integer, so what is behind the last place is cut off and not rounded.
        const bondedRatio = supply > 0n ? decOf(ports.staking.bondedTokens(ctx)) / supply : 0n;
        const before = minterAt(ctx);
        const inflation = nextInflation(p, fromWire(before.inflation), bondedRatio);
        const annual = annualProvisions(inflation, supply);
        const after: Minter = { inflation: `${inflation}`, annualProvisions: `${annual}` };
        if (after.inflation !== before.inflation || after.annualProvisions !== before.annualProvisions) minter.set(ctx, after);
        const amount = blockProvision(p, annual);
        if (amount > 0n) {
          ports.bank.mint(ctx, "mint", amount, p.mintDenom);
          ports.bank.betweenPools(ctx, "mint", FEE_COLLECTOR, amount, p.mintDenom);
        }
        ctx.emit(mintEvents.minted({ bonded_ratio: decText(bondedRatio), inflation: decText(inflation), annual_provisions: decText(annual), amount }));
      },
    };
  },
});
