/** What the chain knows of one validator, for its operator. */
import { accountOfOperator } from "#kernel/address.js";
import { equalBytes, toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { fromWire, ONE } from "#proto/dec.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { BondStatus, type Validator } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { BeaconQuery } from "#proto/gen/pouw/beacon/v1/query.js";
import { type RpcChain } from "../chain/rpc.js";
import { ChainError } from "../chain/types.js";
import { paramsOf } from "../chain/params.js";
import { type ValidatorFacts } from "./status.js";

/** Base units that make one unit of power, as in the Cosmos SDK. */
export const POWER_REDUCTION = 1_000_000n;
const PAGE = { limit: 1000n };

export interface HomeKeys {
  readonly consensusKey: Uint8Array;
  readonly beaconKey: Uint8Array;
}

export interface Asked {
  /** bech32 operator; absent: the validator of the home's consensus key */
  readonly operator?: string;
  readonly home?: HomeKeys;
  /** name of the key of an account, where the keyring has it */
  readonly keyOf: (account: string) => Promise<string | undefined>;
}

export const keyOfValidator = (v: Validator): Uint8Array => PubKey.decode(v.consensusPubkey?.value ?? new Uint8Array(0)).key;

export async function validatorFacts(chain: RpcChain, { operator, home, keyOf }: Asked): Promise<ValidatorFacts> {
  const [head, all, staking, slashing, beacons] = await Promise.all([
    chain.sync(),
    chain.query(StakingQuery.methods.validators, { pagination: { key: new Uint8Array(0), offset: 0n, countTotal: false, reverse: false, ...PAGE } }),
    paramsOf(chain, "staking"),
    chain.query(SlashingQuery.methods.params, {}),
    chain.query(BeaconQuery.methods.keys, {}),
  ]);
  const { validators } = all.value;
  const v = validators.find((x) => (operator !== undefined ? x.operatorAddress === operator : home !== undefined && equalBytes(keyOfValidator(x), home.consensusKey)));
  const blocks = slashing.value.params?.signedBlocksWindow ?? 0n;
  const part = fromWire(String.fromCharCode(...(slashing.value.params?.minSignedPerWindow ?? [])));
  const bonded = validators.filter((x) => x.status === BondStatus.BOND_STATUS_BONDED).map((x) => BigInt(x.tokens));
  const weakest = bonded.reduce((least, tokens) => (tokens < least ? tokens : least), bonded[0] ?? 0n);
  const base = {
    height: head.height,
    catchingUp: head.catchingUp,
    nowMs: head.timeMs,
    askedMs: Date.now(),
    window: { blocks, mayMiss: blocks - (part * blocks + ONE / 2n) / ONE },
    leastStake: bonded.length < staking.maxValidators ? POWER_REDUCTION : weakest + 1n,
  };
  if (!v) return { ...base, from: "KEY" };

  const account = accountOfOperator(v.operatorAddress);
  const own = await found(chain.query(StakingQuery.methods.delegation, { delegatorAddr: account, validatorAddr: v.operatorAddress }));
  const consensusKey = keyOfValidator(v);
  const info = (await found(chain.query(SlashingQuery.methods.signingInfo, { consAddress: chain.addresses.consensus.format(nodeCrypto.sha256(consensusKey).slice(0, 20)) })))?.value.valSigningInfo;
  const beacon = beacons.value.keys.find((k) => k.validator === account);
  return {
    ...base,
    validator: {
      moniker: v.description?.moniker ?? "",
      operator: v.operatorAddress,
      status: v.status === BondStatus.BOND_STATUS_BONDED ? "bonded" : v.status === BondStatus.BOND_STATUS_UNBONDING ? "unbonding" : "unbonded",
      jailed: v.jailed,
      tokens: BigInt(v.tokens),
      ownStake: BigInt(own?.value.delegationResponse?.balance?.amount ?? 0),
      minSelfDelegation: BigInt(v.minSelfDelegation),
    },
    ...(beacon ? { beacon: { ...(beacon.key.length > 0 ? { key: toHex(beacon.key) } : {}), ...(beacon.next ? { next: { key: toHex(beacon.next.key), height: beacon.next.height } } : {}) } } : {}),
    ...(info ? { signing: { missed: info.missedBlocksCounter, jailedUntilMs: Number((info.jailedUntil?.seconds ?? 0n) * 1000n), tombstoned: info.tombstoned } } : {}),
    ...(home ? { home: { consensusKeyIsValidators: equalBytes(consensusKey, home.consensusKey), beaconKey: toHex(home.beaconKey) } } : {}),
    from: (await keyOf(account)) ?? account,
  };
}

/** Undefined for what the chain says is not there. */
async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (e) {
    if (e instanceof ChainError && /NotFound|not found/i.test(e.message)) return undefined;
    throw e;
  }
}
