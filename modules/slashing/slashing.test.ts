import test from "ava";
import type { BlockInfo, VoteFlag } from "#kernel/context.js";
import { nodeCrypto } from "#platform/crypto.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { MsgUnjail, MsgUpdateParams } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { TestChain } from "#test/chain/chain.js";

const UNIT = 1_000_000n;
const q = SlashingQuery.methods;

/** Three validators with a power of 10; ten blocks are a window, of which half have to be signed, and jail lasts five. */
const chain = (): TestChain =>
  new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], params: { slashing: { signed_blocks_window: "10", min_signed_per_window: "0.5", downtime_jail_duration: "5s" }, staking: { unbonding_time: "100s" } } });

const votes = (c: TestChain, flags: Readonly<Record<number, VoteFlag>>): Partial<BlockInfo> => ({
  lastCommit: { round: 0, votes: c.validators.map((v, i) => ({ validator: v.address, power: v.power, flag: flags[i] ?? "commit" })) },
});
const of = (c: TestChain, i: number) => c.k.staking.byOperator(c.ctx, c.validators[i]?.operator as string);
const valcons = (c: TestChain, i: number): string => c.environment.addresses.consensus.format(c.validators[i]?.address as Uint8Array);
const info = (c: TestChain, i: number) => c.query(q.signingInfo, { consAddress: valcons(c, i) }).valSigningInfo;
const unjail = (c: TestChain, i: number) => c.send(MsgUnjail, { validatorAddr: c.environment.addresses.operator.format(c.environment.addresses.parse(c.validators[i]?.operator as string)) });

test("who misses more than half of a window is jailed, loses a hundredth, and comes back when its time is over", (t) => {
  const c = chain();
  c.blocks(8);
  t.like(info(c, 0), { address: valcons(c, 0), missedBlocksCounter: 0n, tombstoned: false });
  const before = c.supply;
  for (let n = 0; n < 6; n++) c.block(() => {}, {}, votes(c, { 1: "absent", 2: "nil" }));
  t.like(of(c, 1), { jailed: true, tokens: 9_900_000n, status: 2 });
  t.is(before - c.supply, UNIT / 10n);
  t.like(of(c, 2), { jailed: false, tokens: 10n * UNIT }, "who votes for no block is there");
  t.deepEqual(c.of("slash").map((e) => [e["address"], e["reason"], e["burned_coins"]]), [[valcons(c, 1), "missing_signature", "100000"]]);
  t.is(c.of("liveness").length, 6);
  t.like(info(c, 1), { missedBlocksCounter: 0n, indexOffset: 0n });
  c.block(() => t.is(unjail(c, 1), "slashing/4"));
  c.blocks(5);
  c.block(() => {
    t.is(unjail(c, 0), "slashing/5");
    t.is(unjail(c, 1), undefined);
  });
  t.like(of(c, 1), { jailed: false, status: 3 });
  t.is(info(c, 1)?.startHeight, c.height, "the window begins anew");
  const { missed_blocks } = c.exported()["slashing"] as { readonly missed_blocks: readonly { readonly address: string; readonly missed_blocks: readonly unknown[] }[] };
  t.deepEqual(missed_blocks.map((m) => m.address).sort(), [0, 1, 2].map((i) => valcons(c, i)).sort(), "an export names all of them, as the SDK's does");
  t.is(c.send(MsgUnjail, { validatorAddr: c.environment.addresses.operator.format(new Uint8Array(20)) }), "staking/3");
});

test("a missed block leaves the window with it", (t) => {
  const c = chain();
  for (let n = 0; n < 5; n++) c.block(() => {}, {}, votes(c, { 1: "absent" }));
  t.is(info(c, 1)?.missedBlocksCounter, 5n);
  c.blocks(20);
  t.is(info(c, 1)?.missedBlocksCounter, 0n);
  t.false(of(c, 1)?.jailed);
});

test("who signs twice at one height loses a twentieth and never comes back", (t) => {
  const c = chain();
  c.blocks(3);
  const proof = { kind: "duplicate-vote", validator: c.validators[0]?.address as Uint8Array, power: 10n, totalPower: 30n, height: c.height, timeNs: c.timeMs * 1_000_000n } as const;
  c.block(() => {}, {}, { misbehaviour: [proof] });
  t.like(of(c, 0), { jailed: true, tokens: 9_500_000n });
  t.true(info(c, 0)?.tombstoned);
  c.block(() => {}, {}, { misbehaviour: [proof] });
  t.like(of(c, 0), { tokens: 9_500_000n }, "once");
  c.blocks(10);
  t.is(unjail(c, 0), "slashing/4");
});

test("who has unbonded when the proof comes has nothing to lose, and no block fails for it", (t) => {
  const c = chain();
  const proof = { kind: "duplicate-vote", validator: c.validators[0]?.address as Uint8Array, power: 10n, totalPower: 30n, height: 2n, timeNs: c.timeMs * 1_000_000n } as const;
  c.blocks(3);
  c.block(() => c.k.staking.jail(c.ctx, proof.validator));
  c.until(() => of(c, 0)?.status === 1, 120);
  const before = c.supply;
  c.block(() => {}, {}, { misbehaviour: [proof, { ...proof, validator: new Uint8Array(20) }] });
  t.is(c.supply, before);
  t.false(info(c, 0)?.tombstoned);
});

test("parameters are governance's, and an export goes on as it was", (t) => {
  const c = chain();
  t.is(c.send(MsgUpdateParams, { authority: c.address("anybody"), params: c.k.slashing.params(c.ctx) }), "gov/13");
  for (let n = 0; n < 3; n++) c.block(() => {}, {}, votes(c, { 1: "absent" }));
  const again = new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], genesis: JSON.parse(JSON.stringify(c.exported())) as Record<string, unknown>, initialHeight: c.height + 1n, timeMs: c.timeMs });
  t.deepEqual(again.exported(), c.exported());
  t.deepEqual(again.dump(), c.dump());
  t.is(c.query(q.signingInfos).info.length, 3);
});
