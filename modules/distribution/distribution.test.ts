import test from "ava";
import { FEE_COLLECTOR } from "#kernel/accounts.js";
import { decOf, ONE, parseDec, truncate } from "#kernel/dec.js";
import { nodeCrypto } from "#platform/crypto.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import {
  MsgCommunityPoolSpend, MsgDepositValidatorRewardsPool, MsgFundCommunityPool, MsgSetWithdrawAddress, MsgUpdateParams, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission,
} from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { MsgBeginRedelegate, MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { coin, DENOM, TestChain } from "#test/chain/chain.js";

const UNIT = 1_000_000n;
const q = DistributionQuery.methods;

/** Two validators with a power of 10, a commission of a tenth, and a block's fees of so many. */
const chain = (params: Record<string, Record<string, string>> = {}): TestChain =>
  new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], funds: { dora: 100n * UNIT, ed: 100n * UNIT, payer: 1000n * UNIT }, params: { staking: { unbonding_time: "10s" }, ...params } });

const pool = (c: TestChain, name: string): bigint => c.k.bank.balance(c.ctx, c.environment.addresses.module(name));
const fee = (c: TestChain, amount: bigint): void => c.k.bank.send(c.ctx, c.address("payer"), c.environment.addresses.module(FEE_COLLECTOR), amount);
const account = (c: TestChain, i: number): string => c.validators[i]?.operator as string;
const valoper = (c: TestChain, i: number): string => c.environment.addresses.operator.format(c.environment.addresses.parse(account(c, i)));
const valcons = (c: TestChain, i: number): Uint8Array => c.validators[i]?.address as Uint8Array;
const stake = (c: TestChain, who: string, i: number, amount: bigint) => c.must(MsgDelegate, { delegatorAddress: c.address(who), validatorAddress: valoper(c, i), amount: coin(amount) });
const withdraw = (c: TestChain, who: string, i: number) => c.send(MsgWithdrawDelegatorReward, { delegatorAddress: who, validatorAddress: valoper(c, i) });
const rewards = (c: TestChain, who: string, i: number): bigint => BigInt(c.query(q.delegationRewards, { delegatorAddress: who, validatorAddress: valoper(c, i) }).rewards[0]?.amount ?? "0");

test("a block's fees are the next block's earnings: by power, a tenth to the validator, the rest to who delegates, two hundredths to everybody", (t) => {
  const c = chain();
  const dora = c.address("dora");
  c.block(() => stake(c, "dora", 0, 10n * UNIT));
  c.block(() => fee(c, 1_000_000n));
  t.is(pool(c, FEE_COLLECTOR), 1_000_000n);
  c.block();
  t.is(pool(c, FEE_COLLECTOR), 0n);
  t.is(pool(c, "distribution"), 1_000_000n);
  t.deepEqual(c.query(q.communityPool).pool, [{ denom: DENOM, amount: `${decOf(20_000n)}` }]);
  t.deepEqual(c.query(q.validatorCommission, { validatorAddress: valoper(c, 0) }).commission?.commission, [{ denom: DENOM, amount: `${decOf(49_000n)}` }]);
  t.deepEqual(c.query(q.validatorOutstandingRewards, { validatorAddress: valoper(c, 0) }).rewards?.rewards, [{ denom: DENOM, amount: `${decOf(490_000n)}` }]);
  t.deepEqual([rewards(c, dora, 0), rewards(c, account(c, 0), 0), rewards(c, account(c, 1), 1)], [decOf(220_500n), decOf(220_500n), decOf(441_000n)]);
  t.like(c.query(q.validatorDistributionInfo, { validatorAddress: valoper(c, 1) }), { operatorAddress: account(c, 1), selfBondRewards: [coin(decOf(441_000n))], commission: [coin(decOf(49_000n))] });
  t.like(c.of("rewards")[0], { validator: valoper(c, 0), amount: `490000.000000000000000000${DENOM}` });
  const before = c.balance("dora");
  c.block(() => {
    t.is(withdraw(c, dora, 0), undefined);
    t.is(c.send(MsgWithdrawValidatorCommission, { validatorAddress: valoper(c, 0) }), undefined);
    t.is(c.send(MsgWithdrawValidatorCommission, { validatorAddress: valoper(c, 0) }), "distribution/7", "nothing is left");
  });
  t.is(c.balance("dora") - before, 220_500n);
  t.is(c.balance("operator0"), 49_000n);
  t.like(c.of("withdraw_rewards").at(-1), { amount: `220500${DENOM}`, validator: valoper(c, 0), delegator: dora });
  t.is(rewards(c, dora, 0), 0n);
});

test("who delegates more is paid what the stake of before has earned; rewards go where they are to go", (t) => {
  const c = chain();
  const [dora, ed] = [c.address("dora"), c.address("ed")];
  c.block(() => stake(c, "dora", 0, 10n * UNIT));
  c.block(() => fee(c, 1_000_000n));
  c.block(() => {
    t.is(c.send(MsgSetWithdrawAddress, { delegatorAddress: dora, withdrawAddress: ed }), undefined);
    t.is(c.send(MsgSetWithdrawAddress, { delegatorAddress: dora, withdrawAddress: c.environment.addresses.module("distribution") }), "sdk/4");
  });
  t.is(c.query(q.delegatorWithdrawAddress, { delegatorAddress: dora }).withdrawAddress, ed);
  const before = c.balance("ed");
  c.block(() => stake(c, "dora", 0, 5n * UNIT));
  t.is(c.balance("ed") - before, 220_500n);
  t.is(rewards(c, dora, 0), 0n);
  t.deepEqual(c.query(q.delegatorValidators, { delegatorAddress: dora }).validators, [valoper(c, 0)]);
  t.deepEqual(c.query(q.delegationTotalRewards, { delegatorAddress: dora }), { rewards: [{ validatorAddress: valoper(c, 0), reward: [] }], total: [] });
});

test("a slash changes what is earned from then on, and not before", (t) => {
  const c = chain();
  const dora = c.address("dora");
  c.block(() => stake(c, "dora", 0, 10n * UNIT));
  c.block(() => fee(c, 1_000_000n));
  c.block(() => c.k.staking.slash(c.ctx, valcons(c, 0), c.height, 20n, ONE / 2n));
  t.is(rewards(c, dora, 0), decOf(220_500n));
  c.block(() => {
    stake(c, "ed", 0, 10n * UNIT); // half of all, where dora has a quarter by now
    fee(c, 1_000_000n);
  });
  c.block();
  t.is(rewards(c, dora, 0), decOf(220_500n) + decOf(110_250n));
  t.is(rewards(c, c.address("ed"), 0), decOf(220_500n));
  t.like(c.query(q.validatorSlashes, { validatorAddress: valoper(c, 0), startingHeight: 0n, endingHeight: 100n }).slashes, [{ fraction: `${ONE / 2n}` }]);
  c.block(() => t.is(withdraw(c, dora, 0), undefined));
});

test("what is earned without stake, and what is left of who goes, is everybody's", (t) => {
  const c = chain();
  const operator = account(c, 0);
  c.block(() => fee(c, 999_999n));
  c.block();
  c.block(() => c.must(MsgUndelegate, { delegatorAddress: operator, validatorAddress: valoper(c, 0), amount: coin(10n * UNIT) }));
  t.is(c.balance("operator0"), 440_999n, "rewards were paid, the commission not yet");
  c.blocks(15);
  t.is(c.k.staking.byOperator(c.ctx, operator), undefined);
  t.is(c.balance("operator0"), 440_999n + 48_999n + 10n * UNIT, "its commission and stake");
  t.is(withdraw(c, operator, 0), "staking/3");
  c.block(() => fee(c, 1_000_000n));
  c.block();
  t.true(BigInt(c.query(q.communityPool).pool[0]?.amount as string) > decOf(510_000n), "its vote of a block that nobody of the set signed");
});

test("the community pool takes from anybody and pays by governance alone", (t) => {
  const c = chain();
  const gov = c.environment.addresses.module("gov");
  const spend = (authority: string, amount: bigint, recipient = c.address("new")) => c.send(MsgCommunityPoolSpend, { authority, recipient, amount: [coin(amount)] });
  c.block();
  c.block(() => {
    t.is(c.send(MsgFundCommunityPool, { depositor: c.address("dora"), amount: [coin(5_000n)] }), undefined);
    t.is(c.send(MsgFundCommunityPool, { depositor: c.address("dora"), amount: [] }), "sdk/10");
    t.is(spend(c.address("dora"), 10n), "gov/13");
    t.is(spend(gov, 5_001n), "distribution/9");
    t.is(spend(gov, 10n, c.environment.addresses.module("distribution")), "sdk/4", "no module's account");
    t.is(spend(gov, 2_000n), undefined);
    t.is(c.send(MsgDepositValidatorRewardsPool, { depositor: c.address("dora"), validatorAddress: valoper(c, 0), amount: [coin(1_000n)] }), undefined);
  });
  t.is(c.balance("new"), 2_000n);
  t.deepEqual(c.query(q.communityPool).pool, [coin(decOf(3_000n))]);
  t.is(rewards(c, account(c, 0), 0), decOf(900n));
  const p = c.query(q.params).params;
  t.is(c.send(MsgUpdateParams, { authority: gov, params: { ...(p as NonNullable<typeof p>), communityTax: `${2n * ONE}` } }), "sdk/18");
  t.is(c.send(MsgUpdateParams, { authority: gov, params: { ...(p as NonNullable<typeof p>), baseProposerReward: "1" } }), "sdk/18");
  t.is(c.send(MsgUpdateParams, { authority: gov, params: { ...(p as NonNullable<typeof p>), withdrawAddrEnabled: false } }), undefined);
  t.is(c.send(MsgSetWithdrawAddress, { delegatorAddress: c.address("dora"), withdrawAddress: c.address("ed") }), "distribution/8");
});

/** Numbers below n from one seed. */
function numbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

test("whatever delegators do, each has earned its part of every block's fees: reckoned beside it one by one", (t) => {
  for (const seed of [1, 2, 3]) {
    const c = chain({ slashing: { signed_blocks_window: "1000000" } });
    const next = numbers(seed);
    const who = ["dora", "ed", "payer"];
    const paid = new Map<string, bigint>();
    const expected = new Map<string, bigint>();
    const credit = (): void => {
      const [, fees = 0n] = [0, pool(c, FEE_COLLECTOR)];
      if (fees === 0n) return;
      for (const i of [0, 1]) {
        const v = c.k.staking.byOperator(c.ctx, account(c, i));
        if (!v || v.tokens === 0n) continue;
        const shared = (decOf(fees) * 98n) / 100n / 2n - (decOf(fees) * 98n) / 1000n / 2n;
        for (const d of c.k.staking.delegationsTo(c.ctx, v.operator)) expected.set(d.delegator, (expected.get(d.delegator) ?? 0n) + (shared * d.shares) / v.shares);
      }
    };
    for (let n = 0; n < 80; n++) {
      credit();
      c.block(() => {
        const name = who[next(3)] as string;
        const i = next(2);
        const amount = BigInt(1 + next(3_000_000));
        const op = next(6);
        const [delegatorAddress, validatorAddress] = [c.address(name), valoper(c, i)];
        if (op < 2) c.send(MsgDelegate, { delegatorAddress, validatorAddress, amount: coin(amount) });
        else if (op === 2) c.send(MsgUndelegate, { delegatorAddress, validatorAddress, amount: coin(amount) });
        else if (op === 3) c.send(MsgBeginRedelegate, { delegatorAddress, validatorSrcAddress: validatorAddress, validatorDstAddress: valoper(c, 1 - i), amount: coin(amount) });
        else if (op === 4) c.send(MsgWithdrawDelegatorReward, { delegatorAddress, validatorAddress });
        else if (next(4) === 0) c.k.staking.slash(c.ctx, valcons(c, i), c.height - BigInt(next(3)), 10n, parseDec("0.01"));
        fee(c, BigInt(next(5_000_000)));
      });
      for (const e of c.events) if (e.type === "withdraw_rewards") note(paid, e.attributes);
    }
    credit();
    c.block();
    for (const name of [...who, "operator0", "operator1"]) {
      const address = c.address(name);
      const open = c.query(q.delegationTotalRewards, { delegatorAddress: address }).total.reduce((sum, x) => sum + BigInt(x.amount), 0n);
      const has = decOf(paid.get(address) ?? 0n) + open;
      const want = expected.get(address) ?? 0n;
      const off = has > want ? has - want : want - has;
      t.true(off < decOf(200n), `seed ${seed}: ${name} has earned ${truncate(has)}, reckoned ${truncate(want)}`);
      t.true(want > decOf(100_000n));
    }
    const copy = new TestChain({ crypto: nodeCrypto, genesis: c.exported(), initialHeight: c.height + 1n, timeMs: c.timeMs });
    t.deepEqual(copy.exported(), c.exported());
    t.deepEqual(copy.dump(), c.dump());
  }
});

function note(paid: Map<string, bigint>, attributes: readonly { readonly key: string; readonly value: string }[]): void {
  const of = (key: string): string => attributes.find((a) => a.key === key)?.value ?? "";
  paid.set(of("delegator"), (paid.get(of("delegator")) ?? 0n) + BigInt(of("amount").replace(DENOM, "")));
}

test("genesis says what does not fit", (t) => {
  const c = chain();
  c.block(() => fee(c, 1_000n));
  c.block();
  const begun = (change: (state: Record<string, Record<string, unknown>>) => void) => {
    const state = structuredClone(c.exported()) as Record<string, Record<string, unknown>>;
    change(state);
    return () => new TestChain({ crypto: nodeCrypto, genesis: state, initialHeight: c.height + 1n });
  };
  t.notThrows(begun(() => {}));
  const distribution = (state: Record<string, Record<string, unknown>>) => state["distribution"] as Record<string, unknown>;
  t.throws(begun((s) => (distribution(s)["fee_pool"] = { community_pool: [{ denom: DENOM, amount: "25.0" }] })), { message: /^app_state\.distribution: earnings and community pool are 1005upouw, the module's account \S+ has 1000upouw in app_state\.bank$/ });
  t.throws(begun((s) => (distribution(s)["delegator_starting_infos"] = [])), { message: /^app_state\.distribution\.delegator_starting_infos: nothing stands there for/ });
  t.throws(begun((s) => (distribution(s)["validator_current_rewards"] = [])), { message: /^app_state\.distribution\.validator_current_rewards: nothing stands there for/ });
});
