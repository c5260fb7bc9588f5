import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { BaseAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { MsgSend, MsgSetSendEnabled } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgCreatePeriodicVestingAccount, MsgCreatePermanentLockedAccount, MsgCreateVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { BaseVestingAccount, ContinuousVestingAccount, DelayedVestingAccount, PeriodicVestingAccount, PermanentLockedAccount } from "#proto/gen/cosmos/vesting/v1beta1/vesting.js";
import { Any } from "#proto/gen/google/protobuf/any.js";
import { attributesOf, coin, refusal, TestChain } from "#test/chain/chain.js";
import { Account, execute, send, shaped } from "#test/chain/shaped-tx.js";

const UNIT = 1_000_000n;
const bankQ = BankQuery.methods;
const authQ = AuthQuery.methods;
/** Seconds since 1970 of the newest block; each is a second long. */
const seconds = (c: TestChain): bigint => c.timeMs / 1_000n;
const chain = (o: object = {}) => new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], funds: { rich: 1_000n * UNIT }, params: { staking: { unbonding_time: "10s" } }, ...o });
const operator = (c: TestChain, i: number): string => c.environment.addresses.operator.format(c.environment.addresses.parse(c.validators[i]?.operator as string));
const spendable = (c: TestChain, who: string): bigint => BigInt(c.ask(bankQ.spendableBalanceByDenom, { address: c.address(who), denom: "upouw" }).balance?.amount ?? -1n);
const vestingOf = (c: TestChain, who: string) => c.account(c.address(who))?.vesting;
const make = (c: TestChain, who: string, o: Partial<MsgCreateVestingAccount> = {}) =>
  c.deliver(MsgCreateVestingAccount, { fromAddress: c.address("rich"), toAddress: c.address(who), amount: [coin(100n)], endTime: seconds(c) + 100n, delayed: false, ...o });

test("locked coins are refused, come free second by second, and all can be spent from the end on", (t) => {
  const c = chain();
  let start = 0n;
  c.block(() => {
    start = seconds(c);
    c.must(MsgCreateVestingAccount, { fromAddress: c.address("rich"), toAddress: c.address("v"), amount: [coin(100n)], endTime: start + 100n });
  });
  const any = c.ask(authQ.account, { address: c.address("v") }).account as Any;
  t.is(any.typeUrl, ContinuousVestingAccount.typeUrl);
  t.like(ContinuousVestingAccount.decode(any.value), { startTime: start, baseVestingAccount: { originalVesting: [coin(100n)], delegatedFree: [], delegatedVesting: [], endTime: start + 100n } });
  t.like(c.ask(authQ.accountInfo, { address: c.address("v") }).info, { address: c.address("v"), sequence: 0n });
  const pay = (amount: bigint) => c.deliver(MsgSend, { fromAddress: c.address("v"), toAddress: c.address("shop"), amount: [coin(amount)] });
  const short = (left: bigint, want: bigint) => ({ codespace: "sdk", code: 5, log: `spendable balance ${left}upouw is smaller than ${want}upouw: insufficient funds` });
  t.is(spendable(c, "v"), 0n);
  c.block(() => t.like(pay(2n), short(1n, 2n)));
  c.blocks(8);
  c.block(() => {
    t.like(pay(11n), short(10n, 11n));
    t.false("code" in pay(10n), "ten seconds, ten hundredths");
    t.like(pay(1n), short(0n, 1n));
  });
  t.is(spendable(c, "v"), 0n);
  t.deepEqual(c.ask(bankQ.spendableBalances, { address: c.address("v") }).balances, [coin(0n)], "what is there and cannot be spent is told as nothing");
  t.deepEqual(c.ask(bankQ.allBalances, { address: c.address("v") }).balances, [coin(90n)]);
  // What others send is free, and at a past height the answer is that height's.
  c.block(() => c.must(MsgSend, { fromAddress: c.address("rich"), toAddress: c.address("v"), amount: [coin(5n)] }));
  t.is(spendable(c, "v"), 6n);
  t.is(c.ask(bankQ.spendableBalanceByDenom, { address: c.address("v"), denom: "upouw" }, c.height - 1n).balance?.amount, "0");
  c.until(() => seconds(c) === start + 99n);
  t.is(spendable(c, "v"), 94n);
  c.block(() => t.false("code" in pay(95n)));
  t.is(c.balance("v"), 0n);
});

test("locked coins are delegated, slashed, taken back; what was slashed stays counted as delegated", (t) => {
  const c = chain();
  let end = 0n;
  c.block(() => {
    end = seconds(c) + 40n;
    c.must(MsgCreateVestingAccount, { fromAddress: c.address("rich"), toAddress: c.address("v"), amount: [coin(10n * UNIT)], endTime: end, delayed: true });
    c.must(MsgSend, { fromAddress: c.address("rich"), toAddress: c.address("v"), amount: [coin(4n * UNIT)] });
  });
  const delegate = (amount: bigint) => c.deliver(MsgDelegate, { delegatorAddress: c.address("v"), validatorAddress: operator(c, 0), amount: coin(amount) });
  c.block(() => {
    t.like(delegate(15n * UNIT), { code: 5, log: "failed to delegate; 14000000upouw is smaller than 15000000upouw: insufficient funds" });
    t.false("code" in delegate(12n * UNIT));
  });
  // Ten were locked and went first; of the four that were free two went and two can be spent.
  t.like(vestingOf(c, "v"), { delegatedVesting: [{ denom: "upouw", amount: 10n * UNIT }], delegatedFree: [{ denom: "upouw", amount: 2n * UNIT }] });
  t.deepEqual([c.balance("v"), spendable(c, "v")], [2n * UNIT, 2n * UNIT]);

  const consensus = c.validators[0]?.address as Uint8Array;
  c.block(() => c.k.staking.slash(c.ctx, consensus, c.height, 22n, 500_000_000_000_000_000n));
  t.is(c.k.staking.byOperator(c.ctx, c.validators[0]?.operator as string)?.tokens, 11n * UNIT, "half of 22");
  t.like(vestingOf(c, "v"), { delegatedVesting: [{ denom: "upouw", amount: 10n * UNIT }] });

  c.block(() => c.must(MsgUndelegate, { delegatorAddress: c.address("v"), validatorAddress: operator(c, 0), amount: coin(6n * UNIT) }));
  t.is(spendable(c, "v"), 2n * UNIT, "not before it is paid");
  c.blocks(10);
  t.deepEqual(c.of("complete_unbonding").map((e) => e["amount"]), ["6000000upouw"]);
  // Of the six that came back two are the free ones, four are locked again; six of the locked ones are gone.
  t.deepEqual(vestingOf(c, "v")?.delegatedVesting, [{ denom: "upouw", amount: 6n * UNIT }]);
  t.deepEqual(vestingOf(c, "v")?.delegatedFree, []);
  t.deepEqual([c.balance("v"), spendable(c, "v")], [8n * UNIT, 4n * UNIT]);
  const pay = (amount: bigint) => c.send(MsgSend, { fromAddress: c.address("v"), toAddress: c.address("shop"), amount: [coin(amount)] });
  c.block(() => t.is(pay(4n * UNIT + 1n), "sdk/5"));
  c.until(() => seconds(c) === end - 1n);
  c.block(() => t.is(pay(8n * UNIT), undefined, "the end has come"));
});

test("a fee is paid of what can be spent, and an account goes on signing as it was made", async (t) => {
  const a = await Account.of("a");
  const c = new TestChain({
    crypto: nodeCrypto,
    parts: {
      bank: { balances: [{ address: a.address, coins: [coin(100n)] }] },
      auth: { accounts: [{ "@type": DelayedVestingAccount.typeUrl, base_vesting_account: { base_account: { address: a.address }, original_vesting: [coin(90n)], end_time: "1700000100" } }] },
    },
  });
  const pay = async (fee: bigint) => execute(c, await shaped(c, [a], { messages: [send(a.address)], fee: [coin(fee)] }));
  t.like(await pay(11n), { code: 5, log: "spendable balance 10upouw is smaller than 11upouw: insufficient funds: insufficient funds" });
  const paid = await pay(9n);
  t.is(paid.code, 0, paid.log);
  t.like(c.account(a.address), { sequence: 1n, vesting: { kind: "delayed", endTime: 1_700_000_100n, original: [{ denom: "upouw", amount: 90n }] } });
  t.truthy(c.account(a.address)?.pubKey);
});

test("who is made, by which event, and what is refused with which code", (t) => {
  const c = chain();
  const pool = c.environment.addresses.module("tasks");
  const refused = (code: number, log: string) => ({ codespace: "sdk", code, log });
  c.block(() => {
    t.like(make(c, "v", { toAddress: "x" }), { code: 7 });
    t.like(make(c, "v", { amount: [] }), { code: 10 });
    t.like(make(c, "v", { amount: [coin(0n)] }), refused(10, "0upouw: invalid coins"));
    t.like(make(c, "v", { amount: [coin(1n), coin(1n)] }), refused(10, "1upouw,1upouw: invalid coins"));
    t.like(make(c, "v", { endTime: 0n }), refused(18, "invalid end time: invalid request"));
    t.like(make(c, "v", { toAddress: pool }), refused(4, `${pool} is not allowed to receive funds: unauthorized`));
    t.like(make(c, "rich"), refused(18, `account ${c.address("rich")} already exists: invalid request`));
    t.like(make(c, "v", { amount: [coin(2_000n * UNIT)] }), refused(5, "spendable balance 1000000000upouw is smaller than 2000000000upouw: insufficient funds"));
    t.is(c.account(c.address("v")), undefined, "what failed made nothing");
    t.false("code" in make(c, "v"));
    t.like(make(c, "v"), { code: 18 });
  });
  const [from, to] = [c.address("rich"), c.address("v")];
  t.deepEqual(c.events.map((e) => [e.type, ...e.attributes.map((a) => `${a.key}=${a.value}`)].join(" ")).slice(-4), [
    `coin_spent spender=${from} amount=100upouw`,
    `coin_received receiver=${to} amount=100upouw`,
    `transfer recipient=${to} sender=${from} amount=100upouw`,
    `message sender=${from}`,
  ]);
  t.is(attributesOf(c.events, "transfer").length, 1);
  c.must(MsgSetSendEnabled, { authority: c.environment.addresses.module("gov"), sendEnabled: [{ denom: "upouw", enabled: false }] });
  t.like(make(c, "w"), { codespace: "bank", code: 5, log: "upouw transfers are currently disabled: send transactions are disabled" });
});

test("a transaction's events name the module, and its action", async (t) => {
  const a = await Account.of("a");
  const c = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [{ address: a.address, coins: [coin(100n)] }] } } });
  const value = MsgCreatePermanentLockedAccount.encode({ fromAddress: a.address, toAddress: c.address("v").toUpperCase(), amount: [coin(7n)] });
  const r = execute(c, await shaped(c, [a], { messages: [{ typeUrl: MsgCreatePermanentLockedAccount.typeUrl, value }] }));
  t.is(r.code, 0, r.log);
  t.deepEqual(r.events.filter((e) => e.type === "message").map((e) => e.attributes.map((x) => `${x.key}=${x.value}`).join(" ")), [
    `action=/cosmos.vesting.v1beta1.MsgCreatePermanentLockedAccount sender=${a.address} module=vesting msg_index=0`,
    `sender=${a.address} msg_index=0`,
  ]);
  t.like(vestingOf(c, "v"), { kind: "permanent", endTime: 0n });
  t.is(c.account(c.address("v"))?.address, c.address("v"), "an address in upper case is that account's");
});

test("periods come one after the other, and what no period can be is refused", (t) => {
  const c = chain();
  const periodic = (who: string, o: Partial<MsgCreatePeriodicVestingAccount> = {}) =>
    c.deliver(MsgCreatePeriodicVestingAccount, { fromAddress: c.address("rich"), toAddress: c.address(who), startTime: seconds(c), vestingPeriods: [{ length: 3n, amount: [coin(10n)] }, { length: 2n, amount: [coin(5n)] }], ...o });
  c.block(() => {
    t.like(periodic("p", { startTime: 0n }), { code: 18, log: "invalid start time of 0, length must be greater than 0: invalid request" });
    t.like(periodic("p", { vestingPeriods: [{ length: 1n, amount: [coin(1n)] }, { length: 0n, amount: [coin(1n)] }] }), { code: 18, log: "invalid period length of 0 in period 1, length must be greater than 0: invalid request" });
    t.like(periodic("p", { vestingPeriods: [{ length: 1n, amount: [] }] }), { code: 10 });
    t.like(periodic("p", { vestingPeriods: [] }), { code: 18, log: "vesting start-time cannot be before end-time: invalid request" });
    t.like(periodic("p", { vestingPeriods: [{ length: (1n << 63n) - 1n, amount: [coin(1n)] }] }), { code: 18, log: "vesting start-time cannot be before end-time: invalid request" });
    t.false("code" in periodic("p"));
  });
  t.is(c.balance("p"), 15n);
  const seen: bigint[] = [];
  for (let i = 0; i < 6; i++) {
    seen.push(spendable(c, "p"));
    c.block();
  }
  t.deepEqual(seen, [0n, 0n, 0n, 10n, 10n, 15n]);
});

test("every kind goes through an export with all its fields and is answered and stored as the SDK's Any", (t) => {
  const c = chain();
  c.block(() => {
    t.false("code" in make(c, "continuous"));
    t.false("code" in make(c, "delayed", { delayed: true }));
    c.must(MsgCreatePermanentLockedAccount, { fromAddress: c.address("rich"), toAddress: c.address("permanent"), amount: [coin(7n * UNIT)] });
    c.must(MsgCreatePeriodicVestingAccount, { fromAddress: c.address("rich"), toAddress: c.address("periodic"), startTime: seconds(c), vestingPeriods: [{ length: 3n, amount: [coin(10n)] }] });
  });
  c.block(() => c.must(MsgDelegate, { delegatorAddress: c.address("permanent"), validatorAddress: operator(c, 1), amount: coin(2n * UNIT) }));
  for (const [who, codec] of [["continuous", ContinuousVestingAccount], ["delayed", DelayedVestingAccount], ["periodic", PeriodicVestingAccount], ["permanent", PermanentLockedAccount], ["rich", BaseAccount]] as const) {
    const answer = c.ask(authQ.account, { address: c.address(who) }).account as Any;
    t.is(answer.typeUrl, codec.typeUrl, who);
    const key = Uint8Array.of(1, ...c.environment.addresses.parse(c.address(who)));
    t.deepEqual(Any.decode(c.at()?.store("acc").get(key) as Uint8Array), answer, `${who}: the store holds the Any`);
  }
  const exported = JSON.parse(JSON.stringify(c.exported())) as { auth: { accounts: { "@type": string; base_vesting_account?: { base_account: { address: string } } }[] }; vesting: unknown };
  t.deepEqual(exported.vesting, {});
  const permanent = exported.auth.accounts.find((a) => a.base_vesting_account?.base_account.address === c.address("permanent"));
  t.like(permanent, { "@type": PermanentLockedAccount.typeUrl, base_vesting_account: { original_vesting: [coin(7n * UNIT)], delegated_free: [], delegated_vesting: [coin(2n * UNIT)], end_time: "0" } });
  const again = new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], genesis: exported, initialHeight: c.height + 1n, timeMs: c.timeMs });
  t.deepEqual(again.dump(), c.dump(), "every key of the state");
  t.deepEqual(again.exported(), c.exported());
  t.is(spendable(again, "permanent"), 0n);
});

test("a genesis with an account that cannot be is refused by its path; the common record alone locks nothing", (t) => {
  const c = chain();
  const of = (type: string, fields: object, base: object = {}): unknown => ({ "@type": type, base_vesting_account: { base_account: { address: c.address("v") }, original_vesting: [coin(5n)], end_time: "9", ...base }, ...fields });
  const fault = (...accounts: unknown[]) => refusal(() => new TestChain({ crypto: nodeCrypto, parts: { auth: { accounts } } })) ?? "accepted";
  const at = "app_state.auth.accounts[0]";
  t.is(fault(of(ContinuousVestingAccount.typeUrl, { start_time: "3" })), "accepted");
  t.is(fault(of(DelayedVestingAccount.typeUrl, {}, { original_vesting: [] })), `${at}: invalid coins: `);
  t.is(fault(of(DelayedVestingAccount.typeUrl, {}, { original_vesting: [coin(0n)] })), `${at}.base_vesting_account.original_vesting: 0upouw: invalid coins`);
  t.is(fault(of(DelayedVestingAccount.typeUrl, {}, { end_time: "-1" })), `${at}: end time cannot be negative`);
  t.is(fault(of(DelayedVestingAccount.typeUrl, {}, { delegated_vesting: [coin(6n)] })), `${at}: delegated vesting amount cannot be greater than original vesting amount`);
  t.is(fault(of(PermanentLockedAccount.typeUrl, {})), `${at}: permanently vested accounts cannot have an end-time`);
  t.is(fault(of(PeriodicVestingAccount.typeUrl, { start_time: "3", vesting_periods: [{ length: "5", amount: [coin(5n)] }] })), `${at}: vesting end time does not match length of all vesting periods`);
  t.is(fault(of(PeriodicVestingAccount.typeUrl, { start_time: "3", vesting_periods: [{ length: "6", amount: [coin(0n)] }] })), `${at}.vesting_periods[0].amount: 0upouw: invalid coins`);
  t.is(fault({ "@type": DelayedVestingAccount.typeUrl, base_vesting_account: { original_vesting: [coin(5n)] } }), `${at}.base_vesting_account.base_account: is missing`);
  t.regex(fault(of(DelayedVestingAccount.typeUrl, {}, { base_account: { address: "x" } })), /^app_state\.auth\.accounts\[0\]\.base_vesting_account\.base_account\.address: "x" is not a bech32 address/);
  t.is(fault(of(DelayedVestingAccount.typeUrl, {}, { base_account: { address: c.environment.addresses.module("tasks") } })), `${at}.base_vesting_account.base_account.address: ${c.environment.addresses.module("tasks")} is the account of tasks, which has no vesting`);
  t.is(refusal(() => new TestChain({ crypto: nodeCrypto, parts: { vesting: { accounts: [] } } })), "app_state.vesting: want {}: vesting accounts stand in app_state.auth.accounts");

  const { base_vesting_account } = of("", {}) as { base_vesting_account: object };
  const based = new TestChain({ crypto: nodeCrypto, parts: { auth: { accounts: [{ "@type": BaseVestingAccount.typeUrl, ...base_vesting_account }] }, bank: { balances: [{ address: c.address("v"), coins: [coin(5n)] }] } } });
  t.is(spendable(based, "v"), 5n);
});

test("who has nothing locked pays one read of the account for it, and no more", async (t) => {
  const a = await Account.of("a");
  const c = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [{ address: a.address, coins: [coin(100n)] }] } } });
  const reads: string[] = [];
  const counting = new Proxy(c.ctx, {
    get: (ctx, name) => (name === "store" ? (store: string) => new Proxy(ctx.store(store), { get: (s, verb) => (verb === "get" || verb === "has" ? (key: Uint8Array) => (reads.push(`${store}/${key[0]}`), s[verb](key)) : Reflect.get(s, verb)) }) : Reflect.get(ctx, name)),
  });
  c.k.bank.sendCoins(counting, a.address, c.environment.addresses.module("fee_collector"), [{ denom: "upouw", amount: 1n }]);
  t.is(reads.filter((r) => r === "acc/1").length, 2, "of who pays, whether something is locked; of who receives, whether there is an account");
});
