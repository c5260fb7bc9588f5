/** Messages of `staking`: x/staking/keeper/msg_server.go of the Cosmos SDK. The ante handler has authenticated who signs. */
import { consensusAddress } from "#kernel/address.js";
import { utf8 } from "#kernel/bytes.js";
import { updateParams } from "#kernel/authority.js";
import { isDenom, MAX_AMOUNT } from "#kernel/coins.js";
import type { Context } from "#kernel/context.js";
import { decText, fromWire, ONE } from "#kernel/dec.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import type { MsgHandlers } from "#kernel/services.js";
import { instantOf } from "#kernel/time.js";
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { type CommissionRates, type Description } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import type { StakingMsg } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { timestampText } from "#proto/time.js";
import { stakingErrors } from "./errors.js";
import { stakingEvents } from "./events.js";
import { minCommission, type StakingWriter } from "./keeper/index.js";
import { unbondingAt, putUnbonding } from "./keeper/books.js";
import { params } from "./params.js";
import { hasNoRate } from "./shares.js";
import { BondStatus, type Commission, type StakingPorts, type Validator } from "./types.js";

const DAY_NS = 86_400_000_000_000n;
/** Longest texts of a description, characters of UTF-8 bytes. */
const LENGTHS = { moniker: 70, identity: 3000, website: 140, securityContact: 140, details: 280 } as const;
const LABELS: Record<keyof typeof LENGTHS, string> = { moniker: "moniker", identity: "identity", website: "website", securityContact: "security contact", details: "details" };
const UNCHANGED = "[do-not-modify]";

export function stakingMessages(ports: Pick<StakingPorts, "consensus" | "slashing" | "gov">, keeper: StakingWriter): MsgHandlers<typeof StakingMsg> {
  const operatorOf = (ctx: Context, text: string, what = "validator"): string => named(what, () => ctx.addresses.format(ctx.addresses.operator.parse(text)));
  const delegatorOf = (ctx: Context, text: string): string => named("delegator", () => ctx.addresses.format(ctx.addresses.parse(text)));
  const must = (ctx: Context, operator: string): Validator => {
    const v = keeper.byOperator(ctx, operator);
    if (!v) throw stakingErrors.noValidator("");
    return v;
  };
  /** Stake that moved while votes are counted would be counted where it was and where it is. */
  const movable = (ctx: Context, delegator: string): void => {
    const id = ports.gov.countedVoteOf(ctx, delegator);
    if (id !== undefined) throw sdk.invalidRequest(`the votes on proposal ${id} are being counted, yours among them: move stake again when it is decided`);
  };
  const checkDenom = (ctx: Context, denom: string): void => {
    const { bondDenom } = keeper.params(ctx);
    if (denom !== bondDenom) throw sdk.invalidRequest(`invalid coin denomination: got ${denom}, expected ${bondDenom}`);
  };

  return {
    createValidator(ctx, m) {
      const operator = operatorOf(ctx, m.validatorAddress);
      const key = keyOf(m.pubkey);
      const amount = positive(m.value, "invalid delegation amount");
      if (isEmpty(m.description)) throw sdk.invalidRequest("empty description");
      const { commission: rates = { rate: "", maxRate: "", maxChangeRate: "" } } = m;
      if (rates.rate === "" && rates.maxRate === "" && rates.maxChangeRate === "") throw sdk.invalidRequest("empty commission");
      const commission = commissionOf(rates, ctx.block.timeNs);
      const minSelfDelegation = integer(m.minSelfDelegation);
      if (minSelfDelegation === undefined || minSelfDelegation <= 0n) throw sdk.invalidRequest("minimum self delegation must be a positive integer");
      if (amount < minSelfDelegation) throw stakingErrors.selfDelegation("");
      const least = minCommission(keeper.params(ctx));
      if (commission.rate < least) throw stakingErrors.commissionBelowMin(`cannot set validator commission to less than minimum rate of ${decText(least)}`);
      if (keeper.byOperator(ctx, operator)) throw stakingErrors.operatorExists("");
      if (keeper.byConsensusAddress(ctx, consensusAddress(ctx.crypto, key))) throw stakingErrors.pubKeyExists("");
      if (ports.slashing.isTombstoned(ctx, consensusAddress(ctx.crypto, key))) throw sdk.invalidRequest("this consensus key signed twice once, and never signs again: make a new one");
      checkDenom(ctx, m.value?.denom ?? "");
      const description = checkLengths(m.description as Description);
      const v: Validator = {
        operator, consensusKey: key, jailed: false, status: BondStatus.BOND_STATUS_UNBONDED, tokens: 0n, shares: 0n, description,
        unbondingHeight: 0n, unbondingNs: 0n, commission, minSelfDelegation, unbondingIds: [],
      };
      keeper.create(ctx, v);
      keeper.delegate(ctx, operator, amount, "balance", v);
      ctx.emit(stakingEvents.created({ validator: m.validatorAddress, amount: coinText(m.value) }));
      return {};
    },

    editValidator(ctx, m) {
      const operator = operatorOf(ctx, m.validatorAddress);
      if (isEmpty(m.description)) throw sdk.invalidRequest("empty description");
      const least = m.minSelfDelegation === "" ? undefined : integer(m.minSelfDelegation);
      if (m.minSelfDelegation !== "" && (least === undefined || least <= 0n)) throw sdk.invalidRequest("minimum self delegation must be a positive integer");
      const rate = m.commissionRate === "" ? undefined : decimal(m.commissionRate);
      if (rate !== undefined) {
        if (rate > ONE || rate < 0n) throw sdk.invalidRequest("commission rate must be between 0 and 1 (inclusive)");
        const lowest = minCommission(keeper.params(ctx));
        if (rate < lowest) throw sdk.invalidRequest(`commission rate cannot be less than the min commission rate ${decText(lowest)}`);
      }
      let v = must(ctx, operator);
      v = { ...v, description: checkLengths(updated(v.description, m.description as Description)) };
      if (rate !== undefined) {
        const { commission } = v;
        if (ctx.block.timeNs - commission.updatedNs < DAY_NS) throw stakingErrors.commissionTooSoon("");
        if (rate < 0n) throw stakingErrors.commissionNegative("");
        if (rate > commission.maxRate) throw stakingErrors.commissionAboveMax("");
        if (rate - commission.rate > commission.maxChangeRate) throw stakingErrors.commissionChange("");
        keeper.beforeModified(ctx, operator);
        v = { ...v, commission: { ...commission, rate, updatedNs: ctx.block.timeNs } };
      }
      if (least !== undefined) {
        if (least <= v.minSelfDelegation) throw stakingErrors.minSelfDecreased("");
        if (least > v.tokens) throw stakingErrors.selfDelegation("");
        v = { ...v, minSelfDelegation: least };
      }
      keeper.edit(ctx, v);
      ctx.emit(stakingEvents.edited({ commission_rate: commissionText(v.commission), min_self_delegation: v.minSelfDelegation }));
      return {};
    },

    delegate(ctx, m) {
      const operator = operatorOf(ctx, m.validatorAddress);
      const delegator = delegatorOf(ctx, m.delegatorAddress);
      const amount = positive(m.amount, "invalid delegation amount");
      const v = must(ctx, operator);
      checkDenom(ctx, m.amount?.denom ?? "");
      movable(ctx, delegator);
      const issued = keeper.delegate(ctx, delegator, amount, "balance", v);
      ctx.emit(stakingEvents.delegated({ validator: m.validatorAddress, delegator: m.delegatorAddress, amount: coinText(m.amount), new_shares: decText(issued) }));
      return {};
    },

    beginRedelegate(ctx, m) {
      const from = operatorOf(ctx, m.validatorSrcAddress, "source validator");
      const to = operatorOf(ctx, m.validatorDstAddress, "destination validator");
      const delegator = delegatorOf(ctx, m.delegatorAddress);
      const amount = positive(m.amount, "invalid shares amount");
      const shares = keeper.sharesToUnbond(ctx, delegator, from, amount);
      checkDenom(ctx, m.amount?.denom ?? "");
      movable(ctx, delegator);
      const endNs = keeper.redelegate(ctx, delegator, from, to, shares);
      const completionTime = endNs === undefined ? ZERO_TIME : instantOf(endNs);
      ctx.emit(
        stakingEvents.redelegated({ source_validator: m.validatorSrcAddress, destination_validator: m.validatorDstAddress, amount: coinText(m.amount), completion_time: seconds(completionTime) }),
      );
      return { completionTime };
    },

    undelegate(ctx, m) {
      const operator = operatorOf(ctx, m.validatorAddress);
      const delegator = delegatorOf(ctx, m.delegatorAddress);
      const amount = positive(m.amount, "invalid shares amount");
      const shares = keeper.sharesToUnbond(ctx, delegator, operator, amount);
      const denom = m.amount?.denom ?? "";
      checkDenom(ctx, denom);
      movable(ctx, delegator);
      const done = keeper.undelegate(ctx, delegator, operator, shares);
      const completionTime = instantOf(done.endNs);
      const paid = { denom, amount: `${done.amount}` };
      ctx.emit(stakingEvents.unbonded({ validator: m.validatorAddress, delegator: m.delegatorAddress, amount: coinText(paid), completion_time: seconds(completionTime) }));
      return { completionTime, amount: paid };
    },

    cancelUnbondingDelegation(ctx, m) {
      const operator = operatorOf(ctx, m.validatorAddress);
      const delegator = delegatorOf(ctx, m.delegatorAddress);
      const amount = positive(m.amount, "invalid amount");
      if (m.creationHeight <= 0n) throw sdk.invalidRequest("invalid height");
      checkDenom(ctx, m.amount?.denom ?? "");
      const v = must(ctx, operator);
      if (hasNoRate(v)) throw stakingErrors.noRate("");
      if (v.jailed) throw stakingErrors.jailed("");
      const known = unbondingAt(ctx, delegator, operator);
      if (!known) throw noUnbondingOf(m);
      const at = known.entries.findIndex((e) => e.height === m.creationHeight);
      const entry = known.entries[at];
      if (!entry) throw sdk.notFound(`unbonding delegation entry is not found at block height ${m.creationHeight}`);
      if (entry.balance < amount) throw sdk.invalidRequest("amount is greater than the unbonding delegation entry balance");
      if (entry.endNs < ctx.block.timeNs) throw sdk.invalidRequest("unbonding delegation is already processed");
      movable(ctx, delegator);
      keeper.delegate(ctx, delegator, amount, "not-bonded", v);
      const left = { ...entry, balance: entry.balance - amount, initial: entry.initial - amount };
      putUnbonding(ctx, { ...known, entries: known.entries.flatMap((e, i) => (i !== at ? [e] : left.balance === 0n ? [] : [left])) });
      ctx.emit(stakingEvents.cancelled({ amount: coinText(m.amount), validator: m.validatorAddress, delegator: m.delegatorAddress, creation_height: m.creationHeight }));
      return {};
    },

    updateParams: updateParams(params, (ctx, next, now) => {
      if (next.bondDenom !== now.bondDenom) throw sdk.invalidRequest(`params.bond_denom: got ${next.bondDenom}, want ${now.bondDenom} as it is: all stakes, fees and pools are in it`);
      if (next.maxValidators <= now.maxValidators) return;
      const most = ports.consensus.mostValidators(ctx);
      if (next.maxValidators > most) throw sdk.invalidRequest(`params.max_validators: got ${next.maxValidators}, want at most ${most}, or block.max_bytes of the module consensus raised first: a block has to hold transaction 0 of all of them`);
    }),
  };
}

/** Go's zero time, which the SDK answers where nothing has to be waited for. */
const ZERO_TIME = { seconds: -62_135_596_800n, nanos: 0 };

/** As Go's RFC 3339, without parts of a second. */
const seconds = (t: { readonly seconds: bigint }): string => timestampText({ seconds: t.seconds, nanos: 0 });
const coinText = (c: Coin | undefined): string => (c ? `${c.amount}${c.denom}` : "");

function named<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw sdk.invalidAddress(`invalid ${what} address: ${(e as Error).message.replace(/: invalid address$/, "")}`);
  }
}

const integer = (text: string): bigint | undefined => (/^-?\d{1,78}$/.test(text) ? BigInt(text) : undefined);

function positive(coin: Coin | undefined, refusal: string): bigint {
  const amount = coin && isDenom(coin.denom) ? integer(coin.amount) : undefined;
  if (amount === undefined || amount <= 0n || amount > MAX_AMOUNT) throw sdk.invalidRequest(refusal);
  return amount;
}

function decimal(text: string): bigint {
  try {
    return fromWire(text);
  } catch {
    throw sdk.invalidRequest(`${JSON.stringify(text.slice(0, 40))} is no decimal number`);
  }
}

function keyOf(any: Any | undefined): Uint8Array {
  if (!any) throw stakingErrors.emptyPubKey("");
  if (any.typeUrl !== PubKey.typeUrl) throw stakingErrors.pubKeyType(`got: ${any.typeUrl}, expected: [ed25519]`);
  const { key } = PubKey.decode(any.value);
  if (key.length !== 32) throw sdk.invalidPubKey(`got ${key.length} bytes, want 32`);
  return key;
}

function commissionOf(rates: CommissionRates, now: bigint): Commission {
  const [rate, maxRate, maxChangeRate] = [rates.rate, rates.maxRate, rates.maxChangeRate].map(decimal) as [bigint, bigint, bigint];
  if (maxRate < 0n) throw stakingErrors.commissionNegative("");
  if (maxRate > ONE) throw stakingErrors.commissionHuge("");
  if (rate < 0n) throw stakingErrors.commissionNegative("");
  if (rate > maxRate) throw stakingErrors.commissionAboveMax("");
  if (maxChangeRate < 0n) throw stakingErrors.changeNegative("");
  if (maxChangeRate > maxRate) throw stakingErrors.changeAboveMax("");
  return { rate, maxRate, maxChangeRate, updatedNs: now };
}

const FIELDS = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];
const isEmpty = (d: Description | undefined): boolean => !d || FIELDS.every((f) => d[f] === "");

function checkLengths(d: Description): Description {
  for (const f of FIELDS) {
    const length = utf8(d[f]).length;
    if (length > LENGTHS[f]) throw sdk.invalidRequest(`invalid ${LABELS[f]} length; got: ${length}, max: ${LENGTHS[f]}`);
  }
  return { moniker: d.moniker, identity: d.identity, website: d.website, securityContact: d.securityContact, details: d.details };
}

const updated = (old: Description, now: Description): Description => Object.fromEntries(FIELDS.map((f) => [f, now[f] === UNCHANGED ? old[f] : now[f]])) as unknown as Description;

/** As the SDK prints a commission into an event: the compact text form of its message. */
function commissionText({ rate, maxRate, maxChangeRate, updatedNs }: Commission): string {
  const { seconds: s, nanos } = instantOf(updatedNs);
  const time = `${s === 0n ? "" : `seconds:${s} `}${nanos === 0 ? "" : `nanos:${nanos} `}`;
  return `commission_rates:<rate:"${rate}" max_rate:"${maxRate}" max_change_rate:"${maxChangeRate}" > update_time:<${time}> `;
}

/** A gRPC status inside a message, which for the Cosmos SDK is an error without a code. */
const noUnbondingOf = (m: { readonly delegatorAddress: string; readonly validatorAddress: string }): ModuleError =>
  new ModuleError("undefined", 1, `rpc error: code = NotFound desc = unbonding delegation with delegator ${m.delegatorAddress} not found for validator ${m.validatorAddress}`);
