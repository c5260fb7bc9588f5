/** `validators`: the set that genesis names. */
import { compareBytes, EMPTY, equalBytes, fromHex, toHex, utf8 } from "#kernel/bytes.js";
import { consensusAddress, fromBech32 } from "#kernel/address.js";
import { type Context } from "#kernel/context.js";
import { type AppModule, query, type ValidatorUpdate } from "#kernel/module.js";
import { collection, type HasStore } from "#kernel/store.js";
import { QueryValidatorSetRequest, QueryValidatorSetResponse, Validator } from "#proto/gen/pouw.js";

export interface ValidatorsKeeper {
  /** ascending by operator address */
  all(ctx: HasStore): Validator[];
  byConsensusAddress(ctx: HasStore, address: Uint8Array): Validator | undefined;
  byOperator(ctx: HasStore, address: string): Validator | undefined;
  totalPower(ctx: HasStore): bigint;
  set(ctx: Context, v: Validator): void;
}

/** What validators need of the beacon: that a key is held by whoever names it. */
export interface ValidatorsPorts {
  verifyPossession(key: Uint8Array, proof: Uint8Array): boolean;
}

const STORE = "validators";
const text = { encode: (v: string) => utf8(v), decode: (b: Uint8Array) => String.fromCharCode(...b) };
/** 1: operator → Validator */
const validators = collection<[operator: string], Validator>(STORE, 1, (operator) => utf8(operator), Validator);
/** 2: consensus address → operator */
const byAddress = collection<[address: Uint8Array], string>(STORE, 2, (address) => address, text);

/** A validator without a beacon key could not propose, so it has no power. */
const powerOf = (v: Validator): bigint => (v.beaconKey.length === 0 ? 0n : v.power);

export function defineValidators(ports: ValidatorsPorts): { module: AppModule; keeper: ValidatorsKeeper } {
  const keeper: ValidatorsKeeper = {
    all: (ctx) => validators.list(ctx),
    byConsensusAddress(ctx, address) {
      const operator = address.length === 20 ? byAddress.get(ctx, address) : undefined;
      return operator === undefined ? undefined : validators.get(ctx, operator);
    },
    byOperator: (ctx, address) => (address === "" ? undefined : validators.get(ctx, address)),
    totalPower: (ctx) => validators.list(ctx).reduce((sum, v) => sum + powerOf(v), 0n),
    set(ctx, v) {
      validators.set(ctx, v, v.operator);
      byAddress.set(ctx, v.operator, consensusAddress(v.consensusKey));
    },
  };

  function initGenesis(ctx: Context, genesis: unknown): void {
    const list = (genesis as { validators?: unknown } | undefined)?.validators;
    if (!Array.isArray(list) || list.length === 0) throw new Error("app_state.validators.validators: want a list of at least one validator");
    for (const [i, item] of (list as Record<string, unknown>[]).entries()) {
      const v = parseValidator(item, `app_state.validators.validators[${i}]`);
      if (validators.has(ctx, v.operator)) throw new Error(`app_state.validators: operator ${v.operator} is named twice`);
      if (keeper.byConsensusAddress(ctx, consensusAddress(v.consensusKey))) throw new Error(`app_state.validators: consensus key ${toHex(v.consensusKey)} is named twice`);
      if (keeper.all(ctx).some((o) => equalBytes(o.beaconKey, v.beaconKey))) throw new Error(`app_state.validators: beacon key of ${v.operator} belongs to another validator`);
      if (!ports.verifyPossession(v.beaconKey, v.beaconProof)) throw new Error(`app_state.validators: the beacon proof of ${v.operator} does not verify`);
      keeper.set(ctx, v);
    }
  }

  const module: AppModule = {
    name: "validators",
    stores: [STORE],
    messages: [],
    queries: [query("/pouw.v1.Query/ValidatorSet", QueryValidatorSetRequest, QueryValidatorSetResponse, (ctx) => ({ validators: keeper.all(ctx) }))],
    initGenesis,
    exportGenesis: (ctx) => ({ validators: keeper.all(ctx).map(toJson) }),
    validatorUpdates: (ctx) => setOf(keeper.all(ctx)),
    invariants: {
      power: (ctx) => (keeper.totalPower(ctx) > 0n ? undefined : "no validator has power"),
      index(ctx) {
        for (const v of keeper.all(ctx)) {
          if (keeper.byConsensusAddress(ctx, consensusAddress(v.consensusKey))?.operator !== v.operator) return `validator ${v.operator} is not found by its consensus address`;
        }
        return undefined;
      },
    },
  };
  return { module, keeper };
}

/** The whole set as CometBFT wants it in InitChain, ascending by key. The application sends only what differs from the last one. */
const setOf = (all: readonly Validator[]): ValidatorUpdate[] =>
  all.map((v) => ({ key: v.consensusKey, power: powerOf(v) })).sort((a, b) => compareBytes(a.key, b.key));

const MAX_POWER = 1n << 53n;

function parseValidator(json: Record<string, unknown>, at: string): Validator {
  const operator = json.operator;
  if (typeof operator !== "string") throw new Error(`${at}.operator: want a bech32 account address`);
  fromBech32(operator);
  const power = `${json.power as string}`;
  if (!/^[0-9]{1,16}$/.test(power) || BigInt(power) === 0n || BigInt(power) > MAX_POWER) throw new Error(`${at}.power: got ${power}, want a whole number from 1 to ${MAX_POWER}`);
  const moniker = json.moniker ?? "";
  if (typeof moniker !== "string" || moniker.length > 70) throw new Error(`${at}.moniker: want at most 70 characters`);
  return Validator.create({
    operator,
    consensusKey: hex(json.consensus_key, 32, `${at}.consensus_key`),
    power: BigInt(power),
    beaconKey: hex(json.beacon_key, 48, `${at}.beacon_key`),
    beaconProof: hex(json.beacon_proof, 96, `${at}.beacon_proof`),
    moniker,
    nextBeaconKey: EMPTY,
  });
}

function hex(value: unknown, length: number, at: string): Uint8Array {
  if (typeof value !== "string" || value.length !== 2 * length || !/^[0-9a-fA-F]*$/.test(value)) throw new Error(`${at}: want ${length} bytes in hexadecimal`);
  return fromHex(value);
}

const toJson = (v: Validator) => ({
  operator: v.operator,
  consensus_key: toHex(v.consensusKey),
  power: `${v.power}`,
  beacon_key: toHex(v.beaconKey),
  beacon_proof: toHex(v.beaconProof),
  moniker: v.moniker,
});
