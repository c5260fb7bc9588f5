/**
 * Genesis of `validators`: the set that CometBFT begins with. Every one of them has a beacon key, which the beacon's genesis
 * sees to, so its whole power counts from the first block on and CometBFT needs no update.
 */
import { consensusAddress } from "#kernel/address.js";
import { defineGenesis, within } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/pouw/validators/v1/genesis.js";
import type { ValidatorsWriter } from "./keeper.js";
import { params } from "./params.js";

/** the SDK's own bound, so that sums of powers stay far below 2^63 */
const MAX_POWER = 1n << 50n;

export const validatorsGenesis = (keeper: ValidatorsWriter) =>
  defineGenesis("validators", {
    codec: GenesisState,
    params,
    init(ctx, { validators }, at) {
      if (validators.length === 0) throw new Error(`${at}: there are none, want at least one`);
      for (const [i, v] of validators.entries()) {
        const here = `${at}.validators[${i}]`;
        within(`${here}.operator`, () => ctx.addresses.parse(v.operator));
        if (v.consensusKey.length !== 32) throw new Error(`${here}.consensus_key: got ${v.consensusKey.length} bytes, want 32`);
        if (v.power < 1n || v.power > MAX_POWER) throw new Error(`${here}.power: got ${v.power}, want 1 to ${MAX_POWER}`);
        if (keeper.byOperator(ctx, v.operator) || keeper.byConsensusAddress(ctx, consensusAddress(ctx.crypto, v.consensusKey))) throw new Error(`${here}: operator or consensus key stands there twice`);
        keeper.add(ctx, v);
      }
    },
    export: (ctx) => ({ validators: [...keeper.all(ctx)] }),
  });
