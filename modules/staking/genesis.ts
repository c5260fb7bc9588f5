/**
 * Genesis of `staking`. The pools' balances stand in bank's part, as in the Cosmos SDK. Validators of a chain that ran are
 * exported with their standing; of a new one those with stake are bonded before the first block, which the engine's own list
 * of validators has to agree with.
 */
import { operatorText } from "#kernel/address.js";
import { defineGenesis, inside, within } from "#kernel/genesis.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { GenesisState } from "#proto/gen/cosmos/staking/v1beta1/genesis.js";
import { addValidator, allValidators, putDelegation, putRedelegation, putUnbonding } from "./keeper/books.js";
import type { StakingWriter } from "./keeper/index.js";
import { params } from "./params.js";
import { delegations, lastPowers, lastTotal, redelegationQueue, redelegations, unbondingId, unbondingQueue, unbondings, validatorQueue } from "./store.js";
import { BondStatus } from "./types.js";
import { parseDelegation, parseRedelegation, parseUnbonding, parseValidator, wireValidator } from "./wire.js";

const MAX_POWER = 1n << 50n;
const digits = (b: Uint8Array): string => String.fromCharCode(...b);

export const stakingGenesis = (keeper: StakingWriter) =>
  defineGenesis("staking", {
    codec: GenesisState,
    params,
    types: [PubKey],
    init(ctx, state, at) {
      let lastId = 0n;
      const noteId = (id: bigint): void => void (lastId = id > lastId ? id : lastId);
      state.validators.forEach((w, i) => {
        inside(`${at}.validators[${i}]`, () => {
          const v = parseValidator(ctx, w);
          if (v.consensusKey.length !== 32) throw new Error(`consensus_pubkey.key: got ${v.consensusKey.length} bytes, want 32`);
          if (v.tokens < 0n || v.tokens / 1_000_000n > MAX_POWER) throw new Error(`tokens: got ${v.tokens}, want 0 to ${MAX_POWER} million`);
          if (keeper.byOperator(ctx, v.operator)) throw new Error(`operator_address: ${w.operatorAddress} stands there twice`);
          addValidator(ctx, v);
          v.unbondingIds.forEach(noteId);
          if (v.status === BondStatus.BOND_STATUS_UNBONDING) validatorQueue.add(ctx, v.unbondingNs, v.unbondingHeight, v.operator);
        });
      });
      state.delegations.forEach((w, i) => {
        inside(`${at}.delegations[${i}]`, () => {
          const d = within("delegator_address", () => (ctx.addresses.parse(w.delegatorAddress), parseDelegation(ctx, w)));
          if (!keeper.byOperator(ctx, d.operator)) throw new Error(`validator_address: there is no validator ${w.validatorAddress}`);
          putDelegation(ctx, d);
        });
      });
      state.unbondingDelegations.forEach((w) => {
        const u = parseUnbonding(ctx, w);
        putUnbonding(ctx, u);
        for (const e of u.entries) {
          noteId(e.id);
          unbondingQueue.add(ctx, e.endNs, u.delegator, u.operator);
        }
      });
      state.redelegations.forEach((w) => {
        const r = parseRedelegation(ctx, w);
        putRedelegation(ctx, r);
        for (const e of r.entries) {
          noteId(e.id);
          redelegationQueue.add(ctx, e.endNs, r.delegator, r.from, r.to);
        }
      });
      if (lastId > 0n) unbondingId.set(ctx, lastId);
      for (const { address, power } of state.lastValidatorPowers) lastPowers.set(ctx, power, ctx.addresses.format(ctx.addresses.operator.parse(address)));
      // A new chain's may say 0: it has none before its first set.
      const total = BigInt(digits(state.lastTotalPower) || "0");
      if (state.exported && total > 0n) lastTotal.set(ctx, total);
    },
    export: (ctx) => ({
      params: undefined,
      lastTotalPower: Uint8Array.from(`${lastTotal.get(ctx) ?? ""}`, (c) => c.charCodeAt(0)),
      lastValidatorPowers: lastPowers.entries(ctx).map(({ key: [operator], value }) => ({ address: operatorText(ctx, operator), power: value })),
      validators: allValidators(ctx).map((v) => wireValidator(ctx, v)),
      delegations: delegations.list(ctx),
      unbondingDelegations: unbondings.list(ctx),
      redelegations: redelegations.list(ctx),
      exported: true,
    }),
  });

