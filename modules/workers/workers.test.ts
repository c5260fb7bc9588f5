import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import { makeEnvironment } from "#kernel/environment.js";
import { ModuleError } from "#kernel/errors.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgAddStake, MsgRegisterWorker, MsgUnbond, MsgUpdateParams, MsgUpdateWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import type { Codec } from "#proto/wire.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { workers } from "./index.js";
import { workersMigrations } from "./migrations.js";
import { byFreeStake, FORMERLY_DRAWABLE } from "./store.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const address = (name: string): string => environment.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));
const A = address("a");
const B = address("b");
const coin = (amount: bigint | string, denom = "upouw") => ({ denom, amount: `${amount}` });
const offer = { roles: [Role.ROLE_MINER], profiles: ["wasm-f32-1"], memory: 1n << 30n, maxSeats: 2, preferences: [] };

/** The module over a purse: what each account and pool owns. */
class World {
  readonly purse = new Map<string, bigint>([[A, 10_000n], [B, 10_000n]]);
  readonly stores = new Branch(new Heights().latest());
  readonly faces = workers.create({
    bank: {
      supply: () => 0n, poolBalances: () => [], poolBalance: (_, pool) => this.purse.get(pool) ?? 0n,
      toPool: (_, from, pool, amount) => this.move(from, pool, amount),
      fromPool: (_, pool, to, amount) => this.move(pool, to, amount),
      betweenPools: (_, from, to, amount) => this.move(from, to, amount),
      stake: () => {},
      unstake: () => {},
      mint: () => {},
      burn: () => {},
    },
    staking: { params: () => ({ bondDenom: "upouw" }) },
  });
  ctx = this.at(1n);

  constructor(state: unknown = { params: { min_seat_stake: "1000", unbond_blocks: "3" } }) {
    this.faces.genesis?.init(this.ctx, state);
  }
  private move(from: string, to: string, amount: bigint): void {
    this.purse.set(from, (this.purse.get(from) ?? 0n) - amount);
    this.purse.set(to, (this.purse.get(to) ?? 0n) + amount);
  }
  at(height: bigint): TestContext {
    const block = { chainId: "test-1", height, timeMs: 5n, timeNs: 5_000_000n, proposer: EMPTY, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: EMPTY, extensions: [] };
    return (this.ctx = new TestContext(environment, block, this.stores));
  }
  get keeper() {
    return this.faces.keeper;
  }
  /** `codespace/code` and text of a refusal. */
  send<M>(codec: Codec<M>, message: Partial<M>): string | undefined {
    const handler = this.faces.messages?.find((h) => h.typeUrl === codec.typeUrl);
    try {
      handler?.run(this.ctx, handler.decode(codec.encode(codec.create(message))));
      return undefined;
    } catch (e) {
      if (e instanceof ModuleError) return `${e.codespace}/${e.code} ${e.message}`;
      throw e;
    }
  }
  broken(): (string | undefined)[] {
    return Object.values(this.faces.invariants ?? {}).map((check) => check(this.ctx)).filter((fault) => fault !== undefined);
  }
  dump() {
    return [...this.ctx.store("workers").iterate()].map(([k, v]) => [toHex(k), toHex(v)]);
  }
  register(worker: string, stake: bigint): void {
    const refused = this.send(MsgRegisterWorker, { worker, ...offer, stake: coin(stake) });
    if (refused) throw new Error(refused);
  }
}

test("a worker registers once, with a stake; what is out of range is refused by its code, the cheapest check first", (t) => {
  const w = new World();
  const register = (change: Partial<MsgRegisterWorker>) => w.send(MsgRegisterWorker, { worker: A, ...offer, stake: coin(2_000n), ...change });
  t.regex(register({ roles: [] }) ?? "", /^workers\/4 got 0 roles, want at least one, none twice: /);
  t.regex(register({ roles: [Role.ROLE_MINER, Role.ROLE_MINER] }) ?? "", /^workers\/4 got 2 roles/);
  t.regex(register({ roles: [Role.ROLE_RESPONDER] }) ?? "", /^workers\/4 responder is refused until predictions exist/);
  t.regex(register({ profiles: ["Wasm"] }) ?? "", /^workers\/5 profiles: want at most 8 names/);
  t.regex(register({ maxSeats: 0 }) ?? "", /^workers\/5 max_seats: got 0, want 1 to 4096/);
  t.regex(register({ preferences: [1] }) ?? "", /^workers\/5 preferences: want none, or 8 weights/);
  t.regex(register({ stake: undefined }) ?? "", /^workers\/5 stake is missing/);
  t.regex(register({ stake: coin(5n, "atom") }) ?? "", /^workers\/6 stake: got atom, want upouw/);
  t.regex(register({ stake: coin(0n) }) ?? "", /^workers\/5 stake: got 0, want a whole number of at least 1/);
  t.regex(register({ minFee: coin("x") }) ?? "", /^workers\/5 min_fee: got x, want a whole number of at least 0/);
  t.is(register({ minFee: coin(7n) }), undefined);
  t.deepEqual(w.ctx.events, [{ type: "worker_registered", attributes: [{ key: "worker", value: A }, { key: "stake", value: "2000" }, { key: "roles", value: "1" }] }]);
  t.regex(register({ roles: [] }) ?? "", /^workers\/2 /);
  t.deepEqual(w.keeper.get(w.ctx, A), { address: A, ...offer, roles: [Role.ROLE_MINER], minFee: 7n, stake: 2_000n, locked: 0n, seats: 0 });
  t.is(w.purse.get("workers"), 2_000n);
  t.deepEqual(w.broken(), []);
});

test("a change of the offer leaves the stake; a stranger changes nothing", (t) => {
  const w = new World();
  t.regex(w.send(MsgUpdateWorker, { worker: A, roles: [] }) ?? "", /^workers\/3 /);
  t.regex(w.send(MsgAddStake, { worker: A }) ?? "", /^workers\/3 /);
  t.regex(w.send(MsgUnbond, { worker: A }) ?? "", /^workers\/3 /);
  w.register(A, 2_000n);
  t.regex(w.send(MsgUpdateWorker, { worker: A, ...offer, roles: [] }) ?? "", /^workers\/4 /);
  t.is(w.send(MsgUpdateWorker, { worker: A, ...offer, maxSeats: 5, minFee: coin(3n) }), undefined);
  const { stake, maxSeats, minFee } = w.keeper.get(w.ctx, A) as NonNullable<ReturnType<typeof w.keeper.get>>;
  t.deepEqual([stake, maxSeats, minFee], [2_000n, 5, 3n]);
});

test("unbonding in parts within a block is one payment, at the end of its block", (t) => {
  const w = new World();
  w.register(A, 9_000n);
  for (const amount of [1_000n, 2_000n]) t.is(w.send(MsgUnbond, { worker: A, amount: coin(amount) }), undefined);
  t.regex(w.send(MsgUnbond, { worker: A, amount: coin(6_001n) }) ?? "", /^workers\/7 got 6001, free are 6000/);
  for (const height of [2n, 3n]) w.faces.endBlock?.(w.at(height));
  t.is(w.purse.get(A), 1_000n);
  t.deepEqual(w.broken(), []);
  w.faces.endBlock?.(w.at(4n));
  t.is(w.purse.get(A), 4_000n);
  t.deepEqual(w.ctx.events.map((e) => e.type), ["unbonded"]);
  t.deepEqual(w.broken(), []);
});

test("seats lock stake, a slash takes it, and who has too little left is not drawn", (t) => {
  const w = new World();
  w.register(A, 3_000n);
  const drawn = () => w.keeper.withFreeStake(w.ctx).map((x) => x.address);
  t.deepEqual(drawn(), [A]);
  t.true(w.keeper.lockSeat(w.ctx, A, 1_500n));
  t.false(w.keeper.lockSeat(w.ctx, A, 1_501n), "more than is free");
  t.true(w.keeper.lockSeat(w.ctx, A, 1_500n));
  t.false(w.keeper.lockSeat(w.ctx, A, 0n), "no seat is left");
  t.false(w.keeper.lockSeat(w.ctx, B, 1n), "no worker");
  t.deepEqual(drawn(), []);
  w.keeper.takeLocked(w.ctx, A, 500n, "tasks");
  t.is(w.purse.get("tasks"), 500n);
  t.throws(() => w.keeper.takeLocked(w.ctx, A, 2_501n, "tasks"), { message: /taking 2501 of .* which has 2500 locked/ });
  w.keeper.unlockSeat(w.ctx, A, 1_000n);
  t.deepEqual(drawn(), [A]);
  t.throws(() => w.keeper.unlockSeat(w.ctx, A, 1_501n), { message: /unlocking 1501 of .* which has 1 seats and 1500 locked/ });
  t.deepEqual(w.broken(), []);
});

test("an export begins a chain with the same state", (t) => {
  const w = new World();
  w.register(A, 9_000n);
  w.register(B, 1_500n);
  w.keeper.lockSeat(w.ctx, B, 1_000n);
  w.send(MsgUnbond, { worker: A, amount: coin(1_000n) });
  const other = new World(JSON.parse(JSON.stringify(w.faces.genesis?.export(w.ctx))));
  t.deepEqual(other.dump(), w.dump());
});

test("genesis refuses by path what cannot be", (t) => {
  const params = { min_seat_stake: "1000" };
  const one = { address: A, roles: ["ROLE_MINER"], max_seats: 1, stake: "5", locked: "5", seats: 1 };
  const refusal = (state: object) => t.throws(() => new World({ params, ...state }))?.message ?? "";
  const at = "app_state.workers";
  t.is(refusal({ params: { unbond_blocks: "0" } }), `${at}.params.unbond_blocks: got 0, want 1 to ${1n << 40n}`);
  t.regex(refusal({ workers: [{ ...one, address: "x" }] }), /^app_state\.workers\.workers\[0\]\.address: "x" is not a bech32 address/);
  t.is(refusal({ workers: [one, one] }), `${at}.workers[1].address: ${A} stands there twice`);
  t.is(refusal({ workers: [{ ...one, roles: [] }] }), `${at}.workers[0].roles: got 0 roles, want at least one, none twice`);
  t.is(refusal({ workers: [{ ...one, max_seats: 0 }] }), `${at}.workers[0].max_seats: got 0, want 1 to 4096`);
  t.is(refusal({ workers: [{ ...one, locked: "6" }] }), `${at}.workers[0].locked: got 6, want at most the stake, 5`);
  const due = { address: A, amount: "3", height: "9" };
  t.is(refusal({ workers: [one], unbondings: [{ ...due, address: B }] }), `${at}.unbondings[0].address: "${B}" is no worker's`);
  t.is(refusal({ workers: [one], unbondings: [due, due] }), `${at}.unbondings[1].height: ${A} has another one at 9; want their sum`);
  t.is(refusal({ workers: [one], unbondings: [{ ...due, amount: "0" }] }), `${at}.unbondings[0].amount: got 0, want at least 1`);
});

test("invariants tell an index without its worker, and a pool that nobody's stake explains", (t) => {
  const w = new World();
  byFreeStake.add(w.ctx, 1_000n, A);
  t.deepEqual(w.broken(), [`${A} can be drawn and is no worker`]);
  w.register(A, 1_000n);
  t.deepEqual(w.broken(), []);
  byFreeStake.delete(w.ctx, 1_000n, A);
  w.purse.set("workers", 1_001n);
  t.deepEqual(w.broken(), ["the pool has 1001, workers and unbondings have 1000", `${A} has 1000 free and cannot be drawn`]);
});

test("with another min_seat_stake others can be drawn, at once and at no cost", (t) => {
  const w = new World();
  w.register(A, 1_500n);
  w.register(B, 3_000n);
  const drawn = () => w.keeper.withFreeStake(w.ctx).map((x) => x.address);
  const authority = w.ctx.addresses.module("gov");
  const least = (minSeatStake: bigint, by = authority) => w.send(MsgUpdateParams, { authority: by, params: { ...w.keeper.params(w.ctx), minSeatStake } });
  t.deepEqual(drawn(), [A, B]);
  t.regex(least(2_000n, A) ?? "", /^gov\/13 /);
  t.regex(least(0n) ?? "", /^sdk\/18 params\.min_seat_stake: got 0/);
  t.is(least(2_000n), undefined);
  t.deepEqual(drawn(), [B]);
  t.is(least(1n), undefined);
  t.deepEqual(drawn(), [A, B]);
  t.deepEqual(w.broken(), []);
});

test("a state of version 1 finds its workers by their free stake", (t) => {
  const w = new World();
  w.register(A, 1_500n);
  w.register(B, 3_000n);
  w.keeper.lockSeat(w.ctx, B, 3_000n);
  const wanted = w.dump();
  byFreeStake.delete(w.ctx, 1_500n, A);
  w.ctx.store("workers").set(Uint8Array.of(FORMERLY_DRAWABLE, ...w.ctx.addresses.parse(A)), new Uint8Array(0));
  t.notDeepEqual(w.dump(), wanted);
  for (const step of workersMigrations) step.run(w.ctx);
  t.deepEqual(w.dump(), wanted);
});
