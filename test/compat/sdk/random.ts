/** Operations of all kinds drawn from a seed: the same seed draws the same ones. */
import { MsgMultiSend, MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgDepositValidatorRewardsPool, MsgFundCommunityPool, MsgSetWithdrawAddress, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { MsgUnjail } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgEditValidator, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgCreateVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { toHex } from "#kernel/bytes.js";
import { BOND, environment, FEE, type Operator } from "./genesis.js";
import type { BlockOptions, Pair } from "./pair.js";
import { message, type Message, Signer, type TxShape } from "./signer.js";

/** Numbers by a linear congruential generator (Knuth's MMIX constants). */
export class Draw {
  constructor(private state: bigint) {}
  below(n: number): number {
    this.state = (this.state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number((this.state >> 33n) % BigInt(n));
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

export interface RandomOptions {
  readonly seed: bigint;
  readonly operations: number;
  /** blocks between comparisons of all of the state */
  readonly every: number;
}

const coin = (amount: number | bigint, denom = BOND) => ({ denom, amount: `${amount}` });

export async function randomOperations(pair: Pair, { seed, operations, every }: RandomOptions): Promise<void> {
  const draw = new Draw(seed);
  const { validators, accounts } = pair.setting;
  const owners = [...accounts, ...validators.map((v) => v.account)];
  const valoper = (v: Operator): string => environment.addresses.operator.format(environment.addresses.parse(v.operator));
  const unbonding: { readonly who: string; readonly from: string; readonly height: bigint }[] = [];
  let made = 0;
  const amount = (): bigint => draw.of([1n, 7n, 999n, 1_000_003n, 12_345_678n, 98_765_432_109n, 5_000_000_000_000n]) + BigInt(draw.below(1000));

  async function operation(): Promise<readonly [string, Signer, Message]> {
    const who = draw.of(owners);
    const [a, b] = [draw.of(validators), draw.of(validators)];
    const delegator = { delegatorAddress: who.address };
    switch (draw.below(16)) {
      case 0:
      case 1:
      case 2:
        return ["delegate", who, message(MsgDelegate, { ...delegator, validatorAddress: valoper(a), amount: coin(amount()) })];
      case 3:
      case 4:
        unbonding.push({ who: who.address, from: valoper(a), height: pair.height + 1n });
        return ["undelegate", who, message(MsgUndelegate, { ...delegator, validatorAddress: valoper(a), amount: coin(amount()) })];
      case 5:
      case 6:
        return ["redelegate", who, message(MsgBeginRedelegate, { ...delegator, validatorSrcAddress: valoper(a), validatorDstAddress: valoper(b), amount: coin(amount()) })];
      case 7:
      case 8:
        return ["withdraw rewards", who, message(MsgWithdrawDelegatorReward, { ...delegator, validatorAddress: valoper(a) })];
      case 9:
        return ["withdraw commission", a.account, message(MsgWithdrawValidatorCommission, { validatorAddress: valoper(a) })];
      case 10: {
        const u = unbonding.length > 0 ? draw.of(unbonding) : undefined;
        const signer = owners.find((o) => o.address === u?.who) ?? who;
        return ["cancel unbonding", signer, message(MsgCancelUnbondingDelegation, { delegatorAddress: signer.address, validatorAddress: u?.from ?? valoper(a), amount: coin(amount()), creationHeight: u?.height ?? 3n })];
      }
      case 11:
        return ["unjail", a.account, message(MsgUnjail, { validatorAddr: valoper(a) })];
      case 12:
        return draw.below(2) === 0
          ? ["fund community pool", who, message(MsgFundCommunityPool, { depositor: who.address, amount: [coin(amount(), FEE), coin(amount())] })]
          : ["set withdraw address", who, message(MsgSetWithdrawAddress, { ...delegator, withdrawAddress: draw.of(owners).address })];
      case 13: {
        const to = draw.of(owners).address;
        const many = [coin(1 + draw.below(10_000), FEE), coin(amount())];
        return draw.below(2) === 0
          ? ["send", who, message(MsgSend, { fromAddress: who.address, toAddress: to, amount: many })]
          : ["multisend", who, message(MsgMultiSend, { inputs: [{ address: who.address, coins: many }], outputs: [{ address: to, coins: many }] })];
      }
      case 14: {
        const fresh = await Signer.of(`vesting ${made++}`);
        return ["vesting account", who, message(MsgCreateVestingAccount, { fromAddress: who.address, toAddress: fresh.address, amount: [coin(1_000_000 + draw.below(1_000_000))], endTime: pair.timeMs / 1000n + BigInt(draw.below(200)), delayed: draw.below(2) === 0 })];
      }
      default:
        return draw.below(2) === 0
          ? ["deposit rewards", who, message(MsgDepositValidatorRewardsPool, { depositor: who.address, validatorAddress: valoper(a), amount: [coin(amount(), FEE)] })]
          : ["edit validator", a.account, message(MsgEditValidator, { validatorAddress: valoper(a), description: { moniker: `m${draw.below(100)}`, identity: "", website: "[do-not-modify]", securityContact: "", details: "" }, commissionRate: draw.below(2) === 0 ? "" : `${BigInt(draw.below(20)) * 10n ** 16n}`, minSelfDelegation: "" })];
    }
  }

  /** Somebody is away for a while now and then, and seldom somebody signs twice. The proposer is always there. */
  let away: { readonly address: string; readonly until: bigint } | undefined;
  function commit(): BlockOptions {
    if (away && pair.height >= away.until) away = undefined;
    const others = validators.slice(1).map((v) => toHex(v.address)).filter((v) => pair.signing.includes(v));
    if (!away && others.length > 0 && draw.below(40) === 0) away = { address: draw.of(others), until: pair.height + 5n + BigInt(draw.below(20)) };
    const double = others.length > 1 && draw.below(300) === 0 ? [draw.of(others)] : [];
    return { absent: new Set(away ? [away.address] : []), doubleSigned: double };
  }

  for (let i = 0; i < operations; i++) {
    const [name, signer, m] = await operation();
    const fee: TxShape = draw.below(3) === 0 ? {} : { fee: [coin(1 + draw.below(1_000_000), FEE)] };
    await pair.block(name, [await pair.tx(signer, [m], fee)], commit());
    if (i % every === every - 1) await pair.compareStates();
  }
  await pair.compareStates();
}
