/** Records of the store and of queries, as the Cosmos SDK has them, from and to the domain's. */
import { consensusAddress, operatorText } from "#kernel/address.js";
import { fromWire } from "#kernel/dec.js";
import type { Environment } from "#kernel/environment.js";
import { instantOf, nanosecondsOf } from "#kernel/time.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import * as sdk from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import type { Delegation, Redelegation, Unbonding, Validator } from "./types.js";

export const anyKey = (key: Uint8Array): Any => ({ typeUrl: PubKey.typeUrl, value: PubKey.encode({ key }) });

export const consensusAddressOf = ({ crypto }: Environment, v: Pick<Validator, "consensusKey">): Uint8Array => consensusAddress(crypto, v.consensusKey);

export const wireValidator = (env: Environment, v: Validator): sdk.Validator => ({
  operatorAddress: operatorText(env, v.operator),
  consensusPubkey: anyKey(v.consensusKey),
  jailed: v.jailed,
  status: v.status,
  tokens: `${v.tokens}`,
  delegatorShares: `${v.shares}`,
  description: { ...v.description },
  unbondingHeight: v.unbondingHeight,
  unbondingTime: instantOf(v.unbondingNs),
  commission: {
    commissionRates: { rate: `${v.commission.rate}`, maxRate: `${v.commission.maxRate}`, maxChangeRate: `${v.commission.maxChangeRate}` },
    updateTime: instantOf(v.commission.updatedNs),
  },
  minSelfDelegation: `${v.minSelfDelegation}`,
  unbondingOnHoldRefCount: 0n,
  unbondingIds: [...v.unbondingIds],
});

/** Throws for what no validator of this module could be. */
export function parseValidator({ addresses }: Environment, w: sdk.Validator): Validator {
  if (w.consensusPubkey?.typeUrl !== PubKey.typeUrl) throw new Error(`consensus_pubkey: got ${w.consensusPubkey?.typeUrl ?? "none"}, want ${PubKey.typeUrl}`);
  const rates = w.commission?.commissionRates;
  return {
    operator: addresses.format(addresses.operator.parse(w.operatorAddress)),
    consensusKey: PubKey.decode(w.consensusPubkey.value).key,
    jailed: w.jailed,
    status: w.status,
    tokens: BigInt(w.tokens),
    shares: fromWire(w.delegatorShares),
    description: w.description ?? sdk.Description.create(),
    unbondingHeight: w.unbondingHeight,
    unbondingNs: nanosecondsOf(w.unbondingTime),
    commission: { rate: fromWire(rates?.rate ?? ""), maxRate: fromWire(rates?.maxRate ?? ""), maxChangeRate: fromWire(rates?.maxChangeRate ?? ""), updatedNs: nanosecondsOf(w.commission?.updateTime) },
    minSelfDelegation: BigInt(w.minSelfDelegation),
    unbondingIds: w.unbondingIds,
  };
}

const operatorOf = ({ addresses }: Environment, text: string): string => addresses.format(addresses.operator.parse(text));

export const wireDelegation = (env: Environment, d: Delegation): sdk.Delegation => ({ delegatorAddress: d.delegator, validatorAddress: operatorText(env, d.operator), shares: `${d.shares}` });
export const parseDelegation = (env: Environment, w: sdk.Delegation): Delegation => ({ delegator: w.delegatorAddress, operator: operatorOf(env, w.validatorAddress), shares: fromWire(w.shares) });

export const wireUnbonding = (env: Environment, u: Unbonding): sdk.UnbondingDelegation => ({
  delegatorAddress: u.delegator,
  validatorAddress: operatorText(env, u.operator),
  entries: u.entries.map((e) => ({ creationHeight: e.height, completionTime: instantOf(e.endNs), initialBalance: `${e.initial}`, balance: `${e.balance}`, unbondingId: e.id, unbondingOnHoldRefCount: 0n })),
});
export const parseUnbonding = (env: Environment, w: sdk.UnbondingDelegation): Unbonding => ({
  delegator: w.delegatorAddress,
  operator: operatorOf(env, w.validatorAddress),
  entries: w.entries.map((e) => ({ height: e.creationHeight, endNs: nanosecondsOf(e.completionTime), initial: BigInt(e.initialBalance), balance: BigInt(e.balance), id: e.unbondingId })),
});

export const wireRedelegation = (env: Environment, r: Redelegation): sdk.Redelegation => ({
  delegatorAddress: r.delegator,
  validatorSrcAddress: operatorText(env, r.from),
  validatorDstAddress: operatorText(env, r.to),
  entries: r.entries.map((e) => ({ creationHeight: e.height, completionTime: instantOf(e.endNs), initialBalance: `${e.initial}`, sharesDst: `${e.shares}`, unbondingId: e.id, unbondingOnHoldRefCount: 0n })),
});
export const parseRedelegation = (env: Environment, w: sdk.Redelegation): Redelegation => ({
  delegator: w.delegatorAddress,
  from: operatorOf(env, w.validatorSrcAddress),
  to: operatorOf(env, w.validatorDstAddress),
  entries: w.entries.map((e) => ({ height: e.creationHeight, endNs: nanosecondsOf(e.completionTime), initial: BigInt(e.initialBalance), shares: fromWire(e.sharesDst), id: e.unbondingId })),
});
