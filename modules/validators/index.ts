/** `validators`: the set named in genesis. A later issue makes it stakeable. */
import { compareBytes, equalBytes, toHex, utf8 } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { consensusAddress } from "#kernel/address.js";
import { type AppModule, query, type ValidatorUpdate } from "#kernel/module.js";
import { type Crypto } from "#kernel/crypto.js";
import { collection, type View } from "#kernel/store.js";
import { QueryValidatorSetRequest, QueryValidatorSetResponse, Validator, ValidatorsGenesis } from "#proto/gen/pouw.js";
import { fromJson, toJson } from "#proto/json.js";

export interface ValidatorsKeeper {
  /** ascending by operator address */
  all(ctx: View): Validator[];
  byConsensusAddress(ctx: View, address: Uint8Array): Validator | undefined;
  byOperator(ctx: View, address: string): Validator | undefined;
  /** of those that have a beacon key */
  totalPower(ctx: View): bigint;
  set(ctx: Context, v: Validator): void;
}

export interface ValidatorsPorts {
  /** of the beacon module: whether the key can sign */
  readonly verifyPossession: (crypto: Crypto, key: Uint8Array, proof: Uint8Array) => boolean;
}

const STORE = "validators";
/** the SDK's own bound, so that sums of powers stay far below 2^63 */
const MAX_POWER = 1n << 50n;

const byOperator = collection<[operator: string], Validator>(STORE, 1, (env, operator) => env.addresses.parse(operator), Validator);
const operators = collection<[address: Uint8Array], string>(STORE, 2, (_, address) => address, {
  encode: (text) => utf8(text),
  decode: (bytes) => String.fromCharCode(...bytes),
});
/** power as CometBFT last heard of it, by consensus key */
const told = collection<[key: Uint8Array], bigint>(STORE, 3, (_, key) => key, {
  encode: (power) => utf8(`${power}`),
  decode: (bytes) => BigInt(String.fromCharCode(...bytes)),
});

export function defineValidators(ports: ValidatorsPorts): { module: AppModule; keeper: ValidatorsKeeper } {
  const keeper: ValidatorsKeeper = {
    all: (ctx) => byOperator.list(ctx),
    byOperator: (ctx, address) => byOperator.get(ctx, address),
    byConsensusAddress(ctx, address) {
      const operator = operators.get(ctx, address);
      return operator === undefined ? undefined : byOperator.get(ctx, operator);
    },
    totalPower: (ctx) => keeper.all(ctx).reduce((sum, v) => sum + effectivePower(v), 0n),
    set(ctx, v) {
      byOperator.set(ctx, v, v.operator);
      operators.set(ctx, v.operator, consensusAddress(ctx.crypto, v.consensusKey));
    },
  };

  /** A validator without a beacon key cannot propose, so it has no power. */
  const effectivePower = (v: Validator): bigint => (v.beaconKey.length > 0 ? v.power : 0n);

  const beaconKeysOf = (v: Validator): Uint8Array[] => [v.beaconKey, v.nextBeaconKey].filter((key) => key.length > 0);

  const module: AppModule = {
    name: "validators",
    stores: [STORE],
    messages: [],
    queries: [query("/pouw.v1.Query/ValidatorSet", QueryValidatorSetRequest, QueryValidatorSetResponse, (ctx) => ({ validators: keeper.all(ctx) }))],
    initGenesis(ctx, genesis) {
      const { validators } = fromJson(ValidatorsGenesis, genesis ?? {}, "app_state.validators");
      if (validators.length === 0) throw new Error("app_state.validators: there are none, want at least one");
      for (const [i, v] of validators.entries()) {
        const at = `app_state.validators.validators[${i}]`;
        ctx.addresses.parse(v.operator);
        if (v.consensusKey.length !== 32) throw new Error(`${at}.consensus_key: got ${v.consensusKey.length} bytes, want 32`);
        if (v.power < 1n || v.power > MAX_POWER) throw new Error(`${at}.power: got ${v.power}, want 1 to ${MAX_POWER}`);
        if (v.beaconKey.length === 0) throw new Error(`${at}.beacon_key: is missing; a validator without one has no power`);
        if (!ports.verifyPossession(ctx.crypto, v.beaconKey, v.beaconProof)) throw new Error(`${at}.beacon_proof: does not prove that beacon_key can sign`);
        if (keeper.byOperator(ctx, v.operator) || keeper.byConsensusAddress(ctx, consensusAddress(ctx.crypto, v.consensusKey))) throw new Error(`${at}: operator or consensus key stands there twice`);
        // One key in two hands would let one secret speak for both, and MsgRegisterBeaconKey refuses it as well.
        const shared = keeper.all(ctx).find((o) => beaconKeysOf(o).some((a) => beaconKeysOf(v).some((b) => equalBytes(a, b))));
        if (shared) throw new Error(`${at}.beacon_key: ${shared.operator} has the same one; want a key for each`);
        keeper.set(ctx, v);
        told.set(ctx, v.power, v.consensusKey);
      }
    },
    exportGenesis: (ctx) => toJson(ValidatorsGenesis, { validators: keeper.all(ctx) }),
    validatorUpdates(ctx) {
      const updates: ValidatorUpdate[] = [];
      for (const v of keeper.all(ctx)) {
        const power = effectivePower(v);
        if (told.get(ctx, v.consensusKey) === power) continue;
        told.set(ctx, power, v.consensusKey);
        updates.push({ key: v.consensusKey, power });
        ctx.emit(event("validator_power", { validator: v.operator, consensus_key: toHex(v.consensusKey), power }));
      }
      return updates.sort((a, b) => compareBytes(a.key, b.key));
    },
  };
  return { module, keeper };
}
