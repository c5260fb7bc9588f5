/** `fees`: what a unit of gas costs at least, what one transaction may ask for, and what of a block is kept for what a deadline waits for. */
import { updateParams } from "#kernel/authority.js";
import { ceil, fromWire, mulInt } from "#kernel/dec.js";
import { defineGenesis } from "#kernel/genesis.js";
import { defineModule } from "#kernel/module.js";
import type { View } from "#kernel/store.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { GenesisState } from "#proto/gen/pouw/fees/v1/genesis.js";
import { FeesQuery } from "#proto/gen/pouw/fees/v1/query.js";
import { FeesMsg } from "#proto/gen/pouw/fees/v1/tx.js";
import { params } from "./params.js";
import { store } from "./store.js";
import type { FeesKeeper, FeesPorts } from "./types.js";

export type { FeesKeeper, FeesPorts, LeastFee } from "./types.js";

const MILLION = 1_000_000n;

export const fees = defineModule({
  name: "fees",
  store,
  create(ports: FeesPorts) {
    const denomOf = (view: View, [first]: readonly string[]): string => first ?? ports.staking.params(view).bondDenom;
    const keeper: FeesKeeper = {
      params: (view) => params.get(view),
      least(view, gas) {
        const { minGasPrice, feeDenoms } = params.get(view);
        return { amount: ceil(mulInt(fromWire(minGasPrice), gas)), denom: denomOf(view, feeDenoms), takes: (denom) => feeDenoms.length === 0 || feeDenoms.includes(denom) };
      },
      mostOfOne: (view, blockGas) => (blockGas === undefined ? undefined : (blockGas * BigInt(params.get(view).maxTxShare)) / MILLION),
      lane: (view, blockGas) => (blockGas * BigInt(params.get(view).laneShare)) / MILLION,
    };
    return {
      keeper,
      messages: implementMsg("fees", FeesMsg, { updateParams: updateParams(params) }),
      queries: implementQuery(FeesQuery, {
        params(ctx) {
          const now = params.get(ctx);
          return { params: now, denom: denomOf(ctx, now.feeDenoms) };
        },
      }),
      genesis: defineGenesis("fees", { codec: GenesisState, params, init: () => {}, export: () => ({ params: undefined }) }),
    };
  },
});
