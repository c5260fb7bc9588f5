import test from "ava";
import { decOf, parseDec } from "#kernel/dec.js";
import { nodeCrypto } from "#platform/crypto.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgCreateValidator, MsgDelegate, MsgEditValidator, MsgUndelegate, MsgUpdateParams } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { beaconSignerOf, possessionProof, signerOf } from "#test/chain/keys.js";
import { BONDED, NOT_BONDED } from "./types.js";

const UNIT = 1_000_000n;
const q = StakingQuery.methods;
const RATES = { rate: "100000000000000000", maxRate: "200000000000000000", maxChangeRate: "10000000000000000" };

/** Two validators with a power of 10, who may unbond in ten blocks of a second. */
const chain = (params: Record<string, string | number> = {}): TestChain =>
  new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], funds: { dora: 100n * UNIT, ed: 100n * UNIT, new: 100n * UNIT }, params: { staking: { unbonding_time: "10s", max_validators: 3, ...params } } });

const pools = (c: TestChain) => [BONDED, NOT_BONDED].map((name) => c.k.bank.balance(c.ctx, c.environment.addresses.module(name)) / UNIT);
const valoper = (c: TestChain, account: string): string => c.environment.addresses.operator.format(c.environment.addresses.parse(account));
const operator = (c: TestChain, i: number): string => valoper(c, c.validators[i]?.operator as string);
const of = (c: TestChain, i: number) => c.k.staking.byOperator(c.ctx, c.validators[i]?.operator as string);
const members = (c: TestChain) => c.k.staking.members(c.ctx).map((m) => m.power);

const delegate = (c: TestChain, who: string, i: number, amount: bigint) => c.send(MsgDelegate, { delegatorAddress: c.address(who), validatorAddress: operator(c, i), amount: coin(amount) });
const undelegate = (c: TestChain, who: string, i: number, amount: bigint) => c.send(MsgUndelegate, { delegatorAddress: c.address(who), validatorAddress: operator(c, i), amount: coin(amount) });
const move = (c: TestChain, who: string, from: number, to: number, amount: bigint) =>
  c.send(MsgBeginRedelegate, { delegatorAddress: c.address(who), validatorSrcAddress: operator(c, from), validatorDstAddress: operator(c, to), amount: coin(amount) });
const creation = (c: TestChain, change: Partial<MsgCreateValidator> = {}): Partial<MsgCreateValidator> => ({
  description: { moniker: "new", identity: "", website: "", securityContact: "", details: "" },
  commission: RATES,
  minSelfDelegation: "1",
  validatorAddress: valoper(c, c.address("new")),
  pubkey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: signerOf(nodeCrypto, "new").key }) },
  value: coin(20n * UNIT),
  ...change,
});

test("validators of genesis are bonded, and stake stands where its validator does", (t) => {
  const c = chain();
  t.deepEqual(members(c), [10n, 10n]);
  t.deepEqual(pools(c), [20n, 0n]);
  c.block(() => t.is(delegate(c, "dora", 0, 5n * UNIT), undefined));
  t.deepEqual(pools(c), [25n, 0n]);
  t.deepEqual(members(c).toSorted(), [10n, 15n]);
  t.is(c.k.staking.totalPower(c.ctx), 25n);
  t.like(c.query(q.delegation, { delegatorAddr: c.address("dora"), validatorAddr: operator(c, 0) }).delegationResponse, { delegation: { shares: `${decOf(5n * UNIT)}` }, balance: coin(5n * UNIT) });
  t.like(c.query(q.pool).pool, { bondedTokens: `${25n * UNIT}`, notBondedTokens: "0" });
  t.is(c.query(q.validators, { status: "BOND_STATUS_BONDED" }).validators.length, 2);
  t.is(c.query(q.validators, { status: "BOND_STATUS_UNBONDED" }).validators.length, 0);
  t.deepEqual(c.of("delegate").at(-1), { validator: operator(c, 0), delegator: c.address("dora"), amount: "5000000upouw", new_shares: "5000000.000000000000000000" });
});

test("who could sign a block of late is answered, for so many blocks", (t) => {
  const c = chain({ historical_entries: 3 });
  c.blocks(5);
  t.like(c.query(q.historicalInfo, { height: c.height }).hist, { header: { chainId: c.chainId, height: c.height }, valset: { length: 2 } });
  t.notThrows(() => c.query(q.historicalInfo, { height: c.height - 2n }));
  t.throws(() => c.query(q.historicalInfo, { height: c.height - 3n }), { message: /not found/ });
});

test("a new validator is bonded when its beacon key is effective, and not before", (t) => {
  const c = chain();
  c.block(() => t.is(c.send(MsgCreateValidator, creation(c)), undefined));
  t.deepEqual(pools(c), [20n, 20n]);
  t.deepEqual(members(c), [10n, 10n], "it cannot propose");
  const beacon = beaconSignerOf(nodeCrypto, "new");
  c.block(() => t.is(c.send(MsgRegisterBeaconKey, { validator: c.address("new"), key: beacon.key, proof: possessionProof(nodeCrypto, beacon) }), undefined));
  t.deepEqual(members(c), [10n, 10n]);
  c.blocks(2);
  t.deepEqual(members(c).toSorted(), [10n, 10n, 20n]);
  t.deepEqual(pools(c), [40n, 0n]);
  t.is(c.send(MsgCreateValidator, creation(c)), "staking/4");
  t.is(c.send(MsgCreateValidator, creation(c, { validatorAddress: valoper(c, c.address("ed")) })), "staking/5");
});

test("however many with more stake have no beacon key, those who have one sign", (t) => {
  const c = chain({ max_validators: 2 });
  c.block(() => {
    for (const who of ["dora", "ed", "new"]) c.must(MsgCreateValidator, creation(c, { validatorAddress: valoper(c, c.address(who)), pubkey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: signerOf(nodeCrypto, who).key }) } }));
  });
  c.blocks(2);
  t.deepEqual(members(c), [10n, 10n]);
});

test("what no validator can be is refused with the Cosmos SDK's codes", (t) => {
  const c = chain({ min_commission_rate: "0.05" });
  const refused = (change: Partial<MsgCreateValidator>) => c.send(MsgCreateValidator, creation(c, change));
  t.is(refused({ pubkey: undefined }), "staking/39");
  t.is(refused({ pubkey: { typeUrl: "/cosmos.crypto.secp256k1.PubKey", value: new Uint8Array(2) } }), "staking/6");
  t.is(refused({ value: coin(0n) }), "sdk/18");
  t.is(refused({ value: coin(20n * UNIT, "other") }), "sdk/18");
  t.is(refused({ minSelfDelegation: "0" }), "sdk/18");
  t.is(refused({ minSelfDelegation: `${21n * UNIT}` }), "staking/16");
  t.is(refused({ commission: { ...RATES, rate: "300000000000000000" } }), "staking/11");
  t.is(refused({ commission: { ...RATES, maxRate: `${2n * 10n ** 18n}` } }), "staking/10");
  t.is(refused({ commission: { ...RATES, maxChangeRate: "300000000000000000" } }), "staking/14");
  t.is(refused({ commission: { ...RATES, rate: "40000000000000000" } }), "staking/40");
  t.is(refused({ description: { moniker: "x".repeat(71), identity: "", website: "", securityContact: "", details: "" } }), "sdk/18");
  t.is(refused({ value: coin(200n * UNIT) }), "sdk/5");
  t.is(delegate(c, "nobody", 0, 1n), "sdk/5");
  t.is(c.send(MsgDelegate, { delegatorAddress: c.address("dora"), validatorAddress: valoper(c, c.address("dora")), amount: coin(1n) }), "staking/3");
  t.is(undelegate(c, "dora", 0, 1n), "staking/19");
  t.is(c.send(MsgUpdateParams, { authority: c.address("dora"), params: c.k.staking.params(c.ctx) }), "gov/13");
  t.is(refusal(() => c.query(q.validator, { validatorAddr: valoper(c, c.address("dora")) }))?.slice(0, 6), "sdk/22");
});

test("what is taken back is paid when the time is over, can be given back before, and has at most so many entries", (t) => {
  const c = chain({ max_entries: 2 });
  const dora = c.address("dora");
  c.block(() => delegate(c, "dora", 0, 30n * UNIT));
  c.block(() => t.is(undelegate(c, "dora", 0, 10n * UNIT), undefined));
  const { height } = c;
  t.deepEqual(pools(c), [40n, 10n]);
  c.block(() => t.is(undelegate(c, "dora", 0, 5n * UNIT), undefined));
  c.block(() => t.is(undelegate(c, "dora", 0, 1n), "staking/27"));
  t.is(undelegate(c, "dora", 0, 16n * UNIT), "sdk/18", "more than there is");
  const cancel = (amount: bigint, at: bigint) => c.send(MsgCancelUnbondingDelegation, { delegatorAddress: dora, validatorAddress: operator(c, 0), amount: coin(amount), creationHeight: at });
  c.block(() => {
    t.is(cancel(11n * UNIT, height), "sdk/18");
    t.is(cancel(1n, 1n), "sdk/38");
    t.is(cancel(4n * UNIT, height), undefined);
  });
  t.deepEqual(pools(c), [39n, 11n]);
  t.like(c.query(q.unbondingDelegation, { delegatorAddr: dora, validatorAddr: operator(c, 0) }).unbond, { entries: [{ balance: `${6n * UNIT}`, initialBalance: `${6n * UNIT}` }, { balance: `${5n * UNIT}` }] });
  c.until(() => c.of("complete_unbonding").length === 2, 12);
  t.is(c.balance("dora"), 81n * UNIT);
  t.deepEqual(c.of("complete_unbonding").map((e) => e["amount"]), ["6000000upouw", "5000000upouw"]);
  t.deepEqual(pools(c), [39n, 0n]);
});

test("stake that moved answers for the validator it left, and moves once", (t) => {
  const c = chain();
  c.block(() => delegate(c, "dora", 0, 20n * UNIT));
  c.block(() => t.is(move(c, "dora", 0, 1, 10n * UNIT), undefined));
  t.is(move(c, "dora", 1, 0, 1n), "staking/32");
  t.is(move(c, "dora", 0, 0, 1n), "staking/29");
  t.deepEqual(members(c).toSorted(), [20n, 20n]);
  t.is(c.query(q.redelegations, { delegatorAddr: c.address("dora") }).redelegationResponses[0]?.entries[0]?.balance, `${10n * UNIT}`);
  c.until(() => c.of("complete_redelegation").length === 1, 12);
  c.block(() => t.is(move(c, "dora", 1, 0, 1n), undefined));
});

test("a fault takes its part of the stake of its height: of the validator, of what was taken back and of what moved since", (t) => {
  const c = chain();
  c.block(() => delegate(c, "dora", 0, 90n * UNIT));
  c.block(() => delegate(c, "ed", 0, 20n * UNIT));
  const { height } = c;
  c.block(() => undelegate(c, "dora", 0, 30n * UNIT));
  c.block(() => move(c, "ed", 0, 1, 20n * UNIT));
  const address = c.validators[0]?.address as Uint8Array;
  const before = c.supply;
  // At that height it had 120: a tenth is 12, of which 3 are of what was taken back and 2 of what moved.
  c.block(() => t.is(c.k.staking.slash(c.ctx, address, height, 120n, parseDec("0.1")), 7n * UNIT));
  t.is(before - c.supply, 12n * UNIT);
  t.is(of(c, 0)?.tokens, 63n * UNIT);
  t.is(of(c, 1)?.tokens, 28n * UNIT);
  t.is(c.query(q.unbondingDelegation, { delegatorAddr: c.address("dora"), validatorAddr: operator(c, 0) }).unbond?.entries[0]?.balance, `${27n * UNIT}`);
  // What a share is worth went down: 90 % of 60.
  t.is(c.query(q.delegation, { delegatorAddr: c.address("dora"), validatorAddr: operator(c, 0) }).delegationResponse?.balance?.amount, `${54n * UNIT}`);
  t.throws(() => c.k.staking.slash(c.ctx, address, c.height + 1n, 1n, 1n), { message: /future infraction/ });
  c.block(() => t.is(c.k.staking.slash(c.ctx, address, c.height, 63n, parseDec("1")), 63n * UNIT));
  t.is(delegate(c, "ed", 0, 1n), "staking/34", "shares without stake have no price");
});

test("a fault reaches stake that moved to a validator which is gone with it", (t) => {
  const c = chain({ unbonding_time: "20s" });
  c.block(() => c.must(MsgCreateValidator, creation(c)));
  c.block(() => delegate(c, "dora", 0, 10n * UNIT));
  const { height } = c;
  const target = { delegatorAddress: c.address("new"), validatorAddress: valoper(c, c.address("new")), amount: coin(20n * UNIT) };
  c.block(() => t.is(c.send(MsgBeginRedelegate, { delegatorAddress: c.address("dora"), validatorSrcAddress: operator(c, 0), validatorDstAddress: target.validatorAddress, amount: coin(10n * UNIT) }), undefined));
  c.block(() => c.must(MsgUndelegate, target));
  t.is(c.k.staking.byOperator(c.ctx, c.address("new"))?.tokens, 10n * UNIT);
  const before = c.supply;
  c.block(() => void c.k.staking.slash(c.ctx, c.validators[0]?.address as Uint8Array, height, 20n, parseDec("1")));
  t.is(before - c.supply, 20n * UNIT);
  t.is(c.k.staking.byOperator(c.ctx, c.address("new")), undefined);
});

test("who is jailed leaves, unbonds and comes back when it is not; who has no share left is gone with its beacon key", (t) => {
  const c = chain();
  const address = c.validators[0]?.address as Uint8Array;
  c.block(() => c.k.staking.jail(c.ctx, address));
  t.is(of(c, 0)?.status, BondStatus.BOND_STATUS_UNBONDING);
  t.deepEqual([members(c), pools(c)], [[10n], [10n, 10n]]);
  t.throws(() => c.k.staking.jail(c.ctx, address), { message: /already jailed/ });
  c.block(() => c.k.staking.unjail(c.ctx, address));
  t.deepEqual([members(c), pools(c)], [[10n, 10n], [20n, 0n]]);
  // The operator's own stake falls below its least: it is jailed.
  const own = c.validators[0]?.operator as string;
  c.block(() => t.is(c.send(MsgUndelegate, { delegatorAddress: own, validatorAddress: operator(c, 0), amount: coin(10n * UNIT) }), undefined));
  t.like(of(c, 0), { jailed: true, shares: 0n });
  c.blocks(11);
  t.is(of(c, 0), undefined);
  t.false(c.k.beacon.has(c.ctx, own));
});

test("a validator edits what it says, and its commission once a day", (t) => {
  const c = chain();
  const edit = (change: Partial<MsgEditValidator>) =>
    c.send(MsgEditValidator, { description: { moniker: "[do-not-modify]", identity: "id", website: "[do-not-modify]", securityContact: "[do-not-modify]", details: "[do-not-modify]" }, validatorAddress: operator(c, 0), commissionRate: "", minSelfDelegation: "", ...change });
  c.block(() => {
    t.is(edit({}), undefined);
    t.is(edit({ minSelfDelegation: `${11n * UNIT}` }), "staking/16");
    t.is(edit({ minSelfDelegation: "1" }), "staking/17");
    t.is(edit({ commissionRate: "150000000000000000" }), "staking/15");
    t.is(edit({ commissionRate: "300000000000000000" }), "staking/11");
    t.is(edit({ commissionRate: "110000000000000000", minSelfDelegation: "2" }), undefined);
    t.is(edit({ commissionRate: "120000000000000000" }), "staking/12");
    t.is(edit({ description: undefined }), "sdk/18");
  });
  t.like(of(c, 0), { description: { moniker: "", identity: "id" }, commission: { rate: parseDec("0.11") }, minSelfDelegation: 2n });
});

test("those with most stake sign, and an export goes on as it was", (t) => {
  const c = chain({ max_validators: 2 });
  const beacon = beaconSignerOf(nodeCrypto, "new");
  c.block(() => {
    c.must(MsgCreateValidator, creation(c));
    c.must(MsgRegisterBeaconKey, { validator: c.address("new"), key: beacon.key, proof: possessionProof(nodeCrypto, beacon) });
    delegate(c, "dora", 0, 5n * UNIT);
  });
  c.blocks(2);
  t.deepEqual(members(c).toSorted(), [15n, 20n]);
  t.is(of(c, 1)?.status, BondStatus.BOND_STATUS_UNBONDING);
  c.block(() => {
    undelegate(c, "dora", 0, 1n * UNIT);
    move(c, "dora", 0, 1, 1n * UNIT);
  });
  const again = new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], genesis: JSON.parse(JSON.stringify(c.exported())) as Record<string, unknown>, initialHeight: c.height + 1n, timeMs: c.timeMs });
  t.deepEqual(again.exported(), c.exported());
  t.deepEqual([...again.dump()].filter(([k]) => k.startsWith("staking/")), [...c.dump()].filter(([k]) => k.startsWith("staking/")));
  for (const x of [c, again]) x.blocks(12);
  t.deepEqual(again.exported(), c.exported());
});

test("the power of all is an integer in genesis, and a new chain's may say 0", (t) => {
  const c = chain();
  c.block();
  const { staking } = c.exported() as { readonly staking: Record<string, unknown> };
  t.regex(String(staking.last_total_power), /^[1-9][0-9]*$/);
  t.true(staking.exported);
  t.throws(() => new TestChain({ crypto: nodeCrypto, genesis: { ...c.exported(), staking: { ...staking, last_total_power: "MTA=" } } }), { message: /last_total_power: got "MTA=", want an integer as a string/ });
});

test("what is not unbonding cannot be given back, and whom nobody delegates to is told as the Cosmos SDK does", (t) => {
  const c = chain();
  const validatorAddress = c.environment.addresses.operator.format(c.environment.addresses.parse(c.validators[0]?.operator as string));
  const delegatorAddress = c.address("nobody");
  const done = c.deliver(MsgCancelUnbondingDelegation, { delegatorAddress, validatorAddress, amount: coin(1n), creationHeight: 1n });
  t.like(done, { codespace: "undefined", code: 1, log: `rpc error: code = NotFound desc = unbonding delegation with delegator ${delegatorAddress} not found for validator ${validatorAddress}` });
  t.regex(refusal(() => c.query(StakingQuery.methods.delegatorValidator, { delegatorAddr: delegatorAddress, validatorAddr: validatorAddress })) ?? "", /code = Internal desc = no delegation/);
});
