import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { ModuleError } from "#kernel/errors.js";
import { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { TERMS } from "#test/chain/terms.js";
import { matching } from "./index.js";
import { held, seats } from "./store.js";
import type { Candidate, MatchingPorts, Seat } from "./types.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const address = (name: string): string => environment.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));
const { ROLE_MINER, ROLE_SUPERVISOR, ROLE_EVALUATOR } = Role;

const task = {
  id: 1n,
  client: address("client"),
  fee: 100n,
  phase: Phase.PHASE_REGISTRATION as Phase,
  spec: { slots: 2, supervisors: 1, evaluators: 1, profile: "wasm-f32-1", properties: [] },
  seatStakes: { miner: 1_000n, supervisor: 500n, evaluator: 300n },
};

/** The module over plain workers, and one task that keeps what was slashed. */
class World {
  task = { ...task };
  readonly workers = new Map<string, Candidate>();
  slashed: { amount: bigint; bounty?: { readonly to: string; readonly amount: bigint } }[] = [];
  readonly stores = new Branch(new Heights().latest());
  private readonly ports: MatchingPorts = {
    beacon: { at: (_, height) => nodeCrypto.sha256(utf8(`${height}`)) },
    workers: {
      all: () => [...this.workers.values()],
      withFreeStake: () => [...this.workers.values()].filter((w) => w.stake - w.locked >= 300n),
      lockSeat: (_, a, stake) => this.change(a, (w) => (w.stake - w.locked < stake || w.seats >= w.maxSeats ? undefined : { locked: w.locked + stake, seats: w.seats + 1 })),
      unlockSeat: (_, a, stake) => void this.change(a, (w) => ({ locked: w.locked - stake, seats: w.seats - 1 })),
      takeLocked: (_, a, amount) => void this.change(a, (w) => ({ locked: w.locked - amount, stake: w.stake - amount })),
    },
    tasks: {
      get: (_, id) => (id === 1n ? this.task : undefined),
      must: () => ({ terms: TERMS }),
      open: () => [this.task],
      unlocking: () => new Set(),
    memory: () => 10n,
      addSlashed: (_ctx, _id, amount, bounty) => {
        this.slashed.push({ amount, ...(bounty ? { bounty } : {}) });
        const rest = amount - (bounty?.amount ?? 0n);
        return { burned: rest - rest / 2n, pot: rest / 2n, bounty: bounty?.amount ?? 0n };
      },
    },
  };
  readonly faces = matching.create(this.ports);
  ctx = this.at(1n);

  constructor(state: unknown = undefined, workers?: ReadonlyMap<string, Candidate>) {
    for (const [k, v] of workers ?? []) this.workers.set(k, v);
    this.faces.genesis?.init(this.ctx, state);
  }
  private change(a: string, to: (w: Candidate) => Partial<Candidate> | undefined): boolean {
    const w = this.workers.get(a);
    const next = w && to(w);
    if (w && next) this.workers.set(a, { ...w, ...next });
    return next !== undefined;
  }
  worker(name: string, role: Role, change: Partial<Candidate> = {}): string {
    const a = address(name);
    this.workers.set(a, { address: a, roles: [role], profiles: ["wasm-f32-1"], memory: 10n, maxSeats: 4, preferences: [], minFee: 0n, stake: 5_000n, locked: 0n, seats: 0, ...change });
    return a;
  }
  at(height: bigint): TestContext {
    const block = { chainId: "test-1", height, timeMs: 5n, timeNs: 5_000_000n, proposer: EMPTY, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: EMPTY, extensions: [] };
    return (this.ctx = new TestContext(environment, block, this.stores));
  }
  get keeper() {
    return this.faces.keeper;
  }
  /** A block that draws. */
  draw(height: bigint, roles: readonly Role[], between: () => void = () => {}): boolean {
    const ctx = this.at(height);
    this.faces.beginBlock?.(ctx);
    between();
    return this.keeper.fill(ctx, this.task, roles);
  }
  join(worker: string, change: Partial<MsgJoinTask> = {}): string | undefined {
    const [handler] = this.faces.messages ?? [];
    try {
      handler?.run(this.ctx, handler.decode(MsgJoinTask.encode(MsgJoinTask.create({ worker, taskId: 1n, sessionKey: new Uint8Array(32).fill(1), endpoint: "127.0.0.1:4000", ...change }))));
      return undefined;
    } catch (e) {
      if (e instanceof ModuleError) return `${e.codespace}/${e.code}`;
      throw e;
    }
  }
  seat(role: Role = ROLE_MINER, index = 0): Seat {
    return this.keeper.seat(this.ctx, 1n, role, index) as Seat;
  }
  broken(): (string | undefined)[] {
    return Object.values(this.faces.invariants ?? {}).map((check) => check(this.ctx)).filter((fault) => fault !== undefined);
  }
  dump() {
    return [...this.ctx.store("matching").iterate()].map(([k, v]) => [toHex(k), toHex(v)]);
  }
}

/** Two miners' seats, one supervisor's. */
function drawn(): { w: World; miner: string; supervisor: string } {
  const w = new World();
  const miner = w.worker("m", ROLE_MINER);
  const supervisor = w.worker("s", ROLE_SUPERVISOR);
  if (!w.draw(2n, [ROLE_MINER, ROLE_SUPERVISOR])) throw new Error("not all seats are drawn");
  return { w, miner, supervisor };
}

test("seats are drawn of who fits, and lock the role's stake", (t) => {
  const w = new World();
  w.worker("small", ROLE_MINER, { memory: 9n });
  w.worker("dear", ROLE_MINER, { minFee: 101n });
  w.worker("other", ROLE_MINER, { profiles: ["native"] });
  w.worker("client", ROLE_MINER);
  t.false(w.draw(2n, [ROLE_MINER]));
  t.deepEqual(w.keeper.seats(w.ctx, 1n), []);
  const miner = w.worker("m", ROLE_MINER);
  t.true(w.draw(3n, [ROLE_MINER]));
  t.deepEqual(w.keeper.seats(w.ctx, 1n).map((s) => [s.role, s.index, s.worker, s.stake, s.held, s.drawnHeight]), [[1, 0, miner, 1_000n, true, 3n], [1, 1, miner, 1_000n, true, 3n]]);
  t.is(w.workers.get(miner)?.locked, 2_000n);
  t.deepEqual(w.ctx.events.map((e) => e.type), ["seat_drawn", "seat_drawn"]);
  t.true(w.keeper.fill(w.ctx, w.task, [ROLE_MINER]), "what is full is not drawn again");
  t.deepEqual(w.broken(), []);
});

test("who comes within the block is not drawn in it, and stake that has gone leaves a seat for the next one", (t) => {
  const w = new World();
  t.false(w.draw(2n, [ROLE_MINER], () => void w.worker("m", ROLE_MINER)));
  const poor = address("m");
  t.false(w.draw(3n, [ROLE_MINER], () => void w.worker("m", ROLE_MINER, { stake: 1_500n })));
  t.is(w.keeper.seats(w.ctx, 1n).length, 1);
  t.is(w.workers.get(poor)?.locked, 1_000n);
  t.false(w.keeper.fill(w.at(4n), w.task, [ROLE_MINER]), "nobody has looked in this block");
});

test("two chains in one process do not see each other's candidates", (t) => {
  const a = new World();
  const b = new World();
  a.worker("m", ROLE_MINER);
  a.faces.beginBlock?.(a.at(2n));
  b.faces.beginBlock?.(b.at(2n));
  t.true(a.keeper.fill(a.ctx, a.task, [ROLE_MINER]));
  t.false(b.keeper.fill(b.ctx, b.task, [ROLE_MINER]));
});

test("a drawn worker joins with its key, which stands once Training has begun; its endpoint may change", (t) => {
  const { w, miner } = drawn();
  t.is(w.join(miner, { taskId: 2n }), "matching/2");
  t.is(w.join(address("stranger")), "matching/3");
  t.is(w.join(miner, { sessionKey: new Uint8Array(31) }), "matching/5");
  t.is(w.join(miner, { endpoint: "nowhere" }), "matching/6");
  t.deepEqual([w.seat().joined, w.seat().sessionKey, w.seat().endpoint], [false, undefined, undefined]);
  t.is(w.join(miner), undefined);
  t.deepEqual([w.seat().joined, w.seat().sessionKey, w.seat(ROLE_MINER, 1).endpoint], [true, new Uint8Array(32).fill(1), "127.0.0.1:4000"]);
  t.deepEqual(w.ctx.events.at(-1), { type: "task_joined", attributes: Object.entries({ task: "1", worker: miner, seats: "2", endpoint: "127.0.0.1:4000" }).map(([key, value]) => ({ key, value })) });
  t.is(w.join(miner, { sessionKey: new Uint8Array(32).fill(2) }), undefined);
  w.task.phase = Phase.PHASE_TRAINING;
  t.is(w.join(miner), "matching/7");
  t.is(w.join(miner, { sessionKey: new Uint8Array(32).fill(2), endpoint: "" }), undefined);
  t.is(w.seat().endpoint, undefined);
  w.task.phase = Phase.PHASE_CLOSED;
  t.is(w.join(miner, { sessionKey: EMPTY }), "matching/4");
});

test("a slash takes at most what is left, goes to the task, and pays a bounty to an outsider only", (t) => {
  const { w, miner, supervisor } = drawn();
  t.is(w.keeper.slash(w.ctx, w.seat(), 100_000, { bountyTo: supervisor }), 100n);
  t.is(w.keeper.slash(w.ctx, { taskId: 1n, role: ROLE_MINER, index: 0 }, 200_000, { bountyTo: address("reporter") }), 200n);
  t.deepEqual(w.slashed, [{ amount: 100n }, { amount: 200n, bounty: { to: address("reporter"), amount: 20n } }]);
  t.is(w.keeper.slash(w.ctx, w.seat(), 1_000_000, {}), 700n);
  t.is(w.keeper.slash(w.ctx, w.seat(), 1_000_000, {}), 0n);
  t.deepEqual(w.ctx.events.at(-1)?.attributes.map((a) => a.value), ["1", "1", "0", miner, "700", "350", "350", "0"]);
  t.is(w.keeper.slash(w.ctx, { taskId: 1n, role: ROLE_EVALUATOR, index: 0 }, 1_000_000, {}), 0n, "no seat");
  t.deepEqual(w.broken(), []);
});

test("an unlocked seat stays on record with nothing to lose; a vacated one is drawn anew", (t) => {
  const { w, miner, supervisor } = drawn();
  w.keeper.slash(w.ctx, w.seat(), 100_000, {});
  w.keeper.unlock(w.ctx, w.seat());
  t.deepEqual(w.ctx.events.at(-1)?.attributes.map((a) => a.value), ["1", "1", "0", miner, "900"]);
  t.is(w.workers.get(miner)?.locked, 1_000n);
  t.false(w.seat().held);
  t.is(w.keeper.slash(w.ctx, w.seat(), 1_000_000, {}), 0n);
  t.throws(() => w.keeper.unlock(w.ctx, w.seat()), { message: /was unlocked before/ });
  t.deepEqual(w.keeper.byWorker(w.ctx, 1n, miner).map((s) => s.index), [1]);
  w.keeper.vacate(w.ctx, w.seat(ROLE_SUPERVISOR));
  t.is(w.keeper.seat(w.ctx, 1n, ROLE_SUPERVISOR, 0), undefined);
  t.is(w.workers.get(supervisor)?.locked, 0n);
  t.true(w.draw(3n, [ROLE_MINER, ROLE_SUPERVISOR]));
  t.is(w.seat(ROLE_SUPERVISOR).drawnHeight, 3n);
  t.deepEqual(w.broken(), ["seat 0 of role 1 in task 1 is not held, its task has not given it back"]);
});

test("what supervisors do is noted on their seats", (t) => {
  const { w } = drawn();
  const seat = { taskId: 1n, role: ROLE_SUPERVISOR, index: 0 };
  w.keeper.confirm(w.ctx, seat);
  w.keeper.noteAnchor(w.at(7n), seat);
  w.keeper.drop(w.ctx, seat);
  t.like(w.seat(ROLE_SUPERVISOR), { confirmed: true, lastAnchor: 7n, dropped: true });
  t.throws(() => w.keeper.confirm(w.ctx, { ...seat, index: 3 }), { message: /task 1 has no seat 3 of role 2/ });
});

test("an export begins a chain with the same state, unlocked seats too", (t) => {
  const { w, miner } = drawn();
  w.join(miner);
  w.keeper.noteAnchor(w.ctx, w.seat(ROLE_SUPERVISOR));
  w.keeper.unlock(w.ctx, w.seat());
  const exported = JSON.parse(JSON.stringify(w.faces.genesis?.export(w.ctx)));
  const other = new World(exported, w.workers);
  t.deepEqual(other.dump(), w.dump());
  t.deepEqual(other.broken(), ["seat 0 of role 1 in task 1 is not held, its task has not given it back"]);
});

test("genesis refuses by path what cannot be", (t) => {
  const { w, miner } = drawn();
  w.join(miner);
  const { seats: list } = JSON.parse(JSON.stringify(w.faces.genesis?.export(w.ctx))) as { seats: object[] };
  const refusal = (change: object, state: object = {}) => t.throws(() => new World({ seats: [{ ...list[0], ...change }], ...state }, w.workers))?.message ?? "";
  const at = "app_state.matching";
  t.is(refusal({}, { params: { equivocation_bounty: 1_000_001 } }), `${at}.params.equivocation_bounty: got 1000001, want 0 to 1000000 parts per million`);
  t.is(refusal({ role: "ROLE_RESPONDER" }), `${at}.seats[0].role: got 4, want one that has seats`);
  t.is(refusal({ slashed: "1001" }), `${at}.seats[0].slashed: got 1001, want at most the stake, 1000`);
  t.is(refusal({ session_key: "" }), `${at}.seats[0].session_key: got 0 bytes, want 32 of who has joined, none of others`);
  t.is(refusal({ task_id: "9" }), `${at}.seats[0].task_id: there is no task 9`);
  t.is(refusal({ index: 2 }), `${at}.seats[0].index: got 2, want less than the 2 seats of the role`);
  t.is(refusal({ worker: address("nobody") }), `${at}.seats[0].worker: "${address("nobody")}" is no worker's address`);
  t.is(refusal({ endpoint: "x" }), `${at}.seats[0].endpoint: got "x", want host:port`);
  t.is(refusal({}, { seats: [list[0], list[0]] }), `${at}.seats[1].index: seat 0 of role 1 in task 1 stands there twice`);
});

test("invariants tell stake without a seat, an index without its record and a record without its index", (t) => {
  const broken = (change: (ctx: Context, w: World, miner: string) => void): (string | undefined)[] => {
    const { w, miner } = drawn();
    change(w.ctx, w, miner);
    return w.broken();
  };
  t.deepEqual(broken((_ctx, w, miner) => w.workers.set(miner, { ...(w.workers.get(miner) as Candidate), locked: 1_999n })), [`${address("m")} has 1999 locked, its seats hold 2000`]);
  t.deepEqual(broken((_ctx, w, miner) => w.workers.set(miner, { ...(w.workers.get(miner) as Candidate), seats: 1 })), [`${address("m")} has taken 1 seats and holds 2`]);
  t.deepEqual(broken((ctx, _w, miner) => held.add(ctx, miner, 1n, 1, 7)), [`the index gives ${address("m")} seat 7 of role 1 in task 1, which has no record`]);
  t.deepEqual(broken((ctx, w) => held.add(ctx, w.worker("x", ROLE_MINER), 1n, 1, 0)), [`the index gives ${address("x")} seat 0 of role 1 in task 1, which is ${address("m")}'s`]);
  t.deepEqual(broken((ctx, _w, miner) => held.delete(ctx, miner, 1n, 1, 0)), ["seat 0 of role 1 in task 1 is held and not in the index"]);
  t.deepEqual(broken((ctx, w) => seats.set(ctx, { ...w.seat(), held: false }, 1n, 1, 0)).length, 3);
});
