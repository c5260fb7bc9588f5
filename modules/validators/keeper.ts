/**
 * The only writer of validators. Invariant kept here: a validator stands once below its operator and once below its
 * consensus address, and CometBFT was told of no other key.
 */
import { consensusAddress } from "#kernel/address.js";
import { compareBytes, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { ValidatorUpdate } from "#kernel/module.js";
import type { View } from "#kernel/store.js";
import { validatorsEvents } from "./events.js";
import { params } from "./params.js";
import { operators, told, validators } from "./store.js";
import type { Validator, ValidatorsKeeper, ValidatorsPorts } from "./types.js";

export interface ValidatorsWriter extends ValidatorsKeeper {
  /** Of genesis, which has checked it. CometBFT has it with its power already. */
  add(ctx: Context, v: Validator): void;
  /** What has changed since CometBFT was last told, ascending by key. */
  updates(ctx: Context): ValidatorUpdate[];
}

export function validatorsKeeper(ports: ValidatorsPorts): ValidatorsWriter {
  /** A validator without a beacon key cannot propose, so it has no power. */
  const countedPower = (view: View, v: Validator): bigint => (ports.beacon.has(view, v.operator) ? v.power : 0n);

  const keeper: ValidatorsWriter = {
    params: (view) => params.get(view),
    all: (view) => validators.list(view),
    byOperator: (view, address) => validators.get(view, address),
    byConsensusAddress(view, address) {
      // Whatever an engine or a peer names may be asked for.
      const operator = address.length === 20 ? operators.get(view, address) : undefined;
      return operator === undefined ? undefined : validators.get(view, operator);
    },
    totalPower: (view) => validators.list(view).reduce((sum, v) => sum + countedPower(view, v), 0n),
    at: (view, _height) =>
      validators
        .list(view)
        .map((v) => ({ operator: v.operator, consensusKey: v.consensusKey, consensusAddress: consensusAddress(view.crypto, v.consensusKey), power: countedPower(view, v) }))
        .filter((m) => m.power > 0n),
    add(ctx, v) {
      validators.set(ctx, v, v.operator);
      operators.set(ctx, v.operator, consensusAddress(ctx.crypto, v.consensusKey));
      told.set(ctx, v.power, v.consensusKey);
    },
    updates(ctx) {
      const updates: ValidatorUpdate[] = [];
      for (const v of validators.list(ctx)) {
        const power = countedPower(ctx, v);
        if (told.get(ctx, v.consensusKey) === power) continue;
        told.set(ctx, power, v.consensusKey);
        updates.push({ key: v.consensusKey, power });
        ctx.emit(validatorsEvents.power({ validator: v.operator, consensus_key: toHex(v.consensusKey), power }));
      }
      return updates.sort((a, b) => compareBytes(a.key, b.key));
    },
  };
  return keeper;
}
