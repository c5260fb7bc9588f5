/** Earnings are taken, sent elsewhere and given away. */
import { ONE } from "#kernel/dec.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import {
  MsgCommunityPoolSpend, MsgDepositValidatorRewardsPool, MsgFundCommunityPool, MsgSetWithdrawAddress, MsgUpdateParams, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission,
} from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { coin } from "#test/chain/chain.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { coinsOf } from "./bank.js";
import { changed } from "./params.js";
import { someDelegation, someValidator, valoper } from "./staking.js";

function withdraw(s: Simulation): void {
  const d = someDelegation(s);
  if (d) s.send(MsgWithdrawDelegatorReward, { delegatorAddress: d.delegator, validatorAddress: s.random.percent(95) ? valoper(s, d.operator) : someValidator(s) });
}

const commission = (s: Simulation): void => void s.send(MsgWithdrawValidatorCommission, { validatorAddress: someValidator(s) });

function fund(s: Simulation): void {
  const depositor = s.random.pick(s.names.accounts);
  s.send(MsgFundCommunityPool, { depositor, amount: coinsOf(s, depositor, 200n) });
}

function deposit(s: Simulation): void {
  const depositor = s.random.pick(s.names.accounts);
  s.send(MsgDepositValidatorRewardsPool, { depositor, validatorAddress: someValidator(s), amount: coinsOf(s, depositor, 200n) });
}

const elsewhere = (s: Simulation): void =>
  void s.send(MsgSetWithdrawAddress, { delegatorAddress: s.random.pick(s.names.accounts), withdrawAddress: s.random.percent(95) ? s.random.pick(s.names.accounts) : s.chain.environment.addresses.module("gov") });

export const distribution: ModuleOperations = {
  operations: [[6, withdraw], [3, commission], [2, fund], [2, deposit], [1, elsewhere]],
  governed: [
    (s) => encoded(MsgUpdateParams, { authority: s.authority, params: changed(s, paramsOf(s), { communityTax: () => `${(BigInt(s.random.below(101)) * ONE) / 100n}`, withdrawAddrEnabled: () => s.random.percent(80) }) }),
    (s) => encoded(MsgCommunityPoolSpend, { authority: s.authority, recipient: s.random.pick(s.names.accounts), amount: [coin(BigInt(s.random.between(1, 10_000)))] }),
  ],
};

function paramsOf(s: Simulation): NonNullable<MsgUpdateParams["params"]> {
  const { params } = s.chain.query(DistributionQuery.methods.params);
  if (!params) throw new Error("distribution has no parameters");
  return params;
}
