/** `fees`: what a unit of gas costs at least, what one transaction may ask for, and what of a block is kept for what a deadline waits for. */
import { updateParams } from "#kernel/authority.js";
import { ceil, fromWire, mulInt } from "#kernel/dec.js";
import { defineGenesis } from "#kernel/genesis.js";
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { GenesisState } from "#proto/gen/pouw/fees/v1/genesis.js";
import { FeesQuery } from "#proto/gen/pouw/fees/v1/query.js";
import { FeesMsg } from "#proto/gen/pouw/fees/v1/tx.js";
import { params } from "./params.js";
import { store } from "./store.js";
import type { FeesKeeper, FeesPorts } from "./types.js";

export type { FeesKeeper, FeesPorts } from "./types.js";

const MILLION = 1_000_000n;

export const fees = defineModule({
  name: "fees",
  store,
  create(ports: FeesPorts) {
    const keeper: FeesKeeper = {
      params: (view) => params.get(view),
      least: (view, gas) => ({ amount: ceil(mulInt(fromWire(params.get(view).minGasPrice), gas)), denom: ports.staking.params(view).bondDenom }),
      mostOfOne: (view, blockGas) => (blockGas === undefined ? undefined : (blockGas * BigInt(params.get(view).maxTxShare)) / MILLION),
      lane: (view, blockGas) => (blockGas * BigInt(params.get(view).laneShare)) / MILLION,
    };
    return {
      keeper,
      messages: implementMsg("fees", FeesMsg, { updateParams: updateParams(params) }),
      queries: implementQuery(FeesQuery, { params: (ctx) => ({ params: params.get(ctx), denom: ports.staking.params(ctx).bondDenom }) }),
      genesis: defineGenesis("fees", { codec: GenesisState, params, init: () => {}, export: () => ({ params: undefined }) }),
    };
  },
});
