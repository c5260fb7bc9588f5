/**
 * `matching`: seats of a task, drawn by the beacon over stakes as they were at the end of the block before (so that no
 * last-minute stake steers a draw), locked, joined, slashed and given back.
 */
import { concat, u32be, u64be } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { dumpStore, loadStore } from "#kernel/dump.js";
import { defineError } from "#kernel/errors.js";
import { type AppModule, message, query } from "#kernel/module.js";
import { collection, type View } from "#kernel/store.js";
import { MsgJoinTask, MsgJoinTaskResponse, type Params, Phase, QuerySeatsRequest, QuerySeatsResponse, Role, Seat, type Task, type Worker } from "#proto/gen/pouw.js";
import { drawSeats, fitPpm } from "#protocol/draws/match.js";
import { ppmOf } from "#protocol/tasks/payout.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";

export interface MatchingPorts {
  readonly params: { get(ctx: View): Params };
  readonly beacon: { at(ctx: View, height: bigint): Uint8Array | undefined };
  readonly bank: {
    fromPool(ctx: Context, pool: "tasks", to: string, amount: bigint): void;
    burn(ctx: Context, pool: "tasks", amount: bigint): void;
  };
  readonly workers: {
    get(ctx: View, address: string): Worker | undefined;
    all(ctx: View): Worker[];
    withFreeStake(ctx: View): Worker[];
    lockSeat(ctx: Context, address: string, stake: bigint): boolean;
    unlockSeat(ctx: Context, address: string, stake: bigint): void;
    takeLocked(ctx: Context, address: string, amount: bigint, to: "tasks"): void;
  };
  readonly tasks: {
    get(ctx: View, id: bigint): Task | undefined;
    must(ctx: View, id: bigint): Task;
    set(ctx: Context, t: Task): void;
    open(ctx: View): Task[];
    memory(ctx: View, id: bigint): bigint;
  };
}

export interface SeatsKeeper {
  /** miners by slot, then supervisors, then evaluators */
  seats(ctx: View, taskId: bigint, role?: Role): Seat[];
  seat(ctx: View, taskId: bigint, role: Role, index: number): Seat | undefined;
  set(ctx: Context, s: Seat): void;
  /** seats that the worker holds: none once they are unlocked */
  byWorker(ctx: View, taskId: bigint, worker: string): Seat[];
  /** ⌊stake·ppm⌋, at most what is left. A bounty goes to a reporter without a seat in the task; of the rest half is burned and half goes to the pot, all is burned after Payout. */
  slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
  /** What is left of the stake is free again; the record stays. */
  unlock(ctx: Context, s: Seat): void;
  /** Gives a seat to be drawn anew: its worker leaves it. */
  vacate(ctx: Context, s: Seat): void;
  /** Draws what is empty. True when every seat of these roles is taken. */
  fill(ctx: Context, t: Task, roles: readonly Role[]): boolean;
}

export const matchingErrors = {
  unknownTask: defineError("matching", 2, "no task has this id"),
  notDrawn: defineError("matching", 3, "the worker was not drawn for the task"),
  wrongPhase: defineError("matching", 4, "the task's phase does not take this message"),
  badKey: defineError("matching", 5, "a session key has 32 bytes"),
  badEndpoint: defineError("matching", 6, "an endpoint is host:port"),
  keyFixed: defineError("matching", 7, "the session key stands once Training has begun; the endpoint may change"),
};

const STORE = "matching";
const ROLES = [Role.ROLE_MINER, Role.ROLE_SUPERVISOR, Role.ROLE_EVALUATOR] as const;
const seats = collection<[task: bigint, role: number, index: number], Seat>(STORE, 1, (_, task, role, index) => concat(u64be(task), u32be(role), u32be(index)), Seat);
/** seats by worker: address, task, role, index */
const ofWorker = collection<[worker: string, task: bigint, role: number, index: number], Uint8Array>(
  STORE,
  2,
  (env, worker, task, role, index) => concat(env.addresses.parse(worker), u64be(task), u32be(role), u32be(index)),
  { encode: (v) => v, decode: (v) => v },
);

/** The seat that a key of `ofWorker` names. */
function seatAt(ctx: View, key: Uint8Array): Seat | undefined {
  const v = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return seats.get(ctx, v.getBigUint64(20), v.getUint32(28), v.getUint32(32));
}

interface Snapshot {
  readonly height: bigint;
  readonly workers: readonly Worker[];
}

export function defineMatching(ports: MatchingPorts): { module: AppModule; keeper: SeatsKeeper } {
  /** of this block only: written by beginBlock, read by endBlock */
  let snapshot: Snapshot | undefined;

  const keeper: SeatsKeeper = {
    seats: (ctx, taskId, role) => seats.list(ctx, role === undefined ? u64be(taskId) : concat(u64be(taskId), u32be(role))),
    seat: (ctx, taskId, role, index) => seats.get(ctx, taskId, role, index),
    set: (ctx, s) => seats.set(ctx, s, s.taskId, s.role, s.index),
    byWorker: (ctx, taskId, worker) =>
      ofWorker
        .entries(ctx, concat(ctx.addresses.parse(worker), u64be(taskId)))
        .map(([key]) => seatAt(ctx, key))
        .filter((s) => s !== undefined),
    slash(ctx, given, ppm, { bountyTo }) {
      const s = keeper.seat(ctx, given.taskId, given.role, given.index) ?? given;
      // A seat whose stake was given back has nothing to lose.
      if (!ofWorker.has(ctx, s.worker, s.taskId, s.role, s.index)) return 0n;
      const left = s.stake - s.slashed;
      const due = ppmOf(s.stake, ppm);
      const amount = due < left ? due : left;
      if (amount === 0n) return 0n;
      ports.workers.takeLocked(ctx, s.worker, amount, "tasks");
      keeper.set(ctx, { ...s, slashed: s.slashed + amount });
      const mayEarn = bountyTo !== undefined && keeper.byWorker(ctx, s.taskId, bountyTo).length === 0;
      const bounty = mayEarn ? ppmOf(amount, ports.params.get(ctx).equivocationBounty) : 0n;
      if (bounty > 0n) ports.bank.fromPool(ctx, "tasks", bountyTo as string, bounty);
      const rest = amount - bounty;
      const t = ports.tasks.must(ctx, s.taskId);
      const pot = t.phase === Phase.PHASE_CLOSED ? 0n : rest / 2n;
      ports.bank.burn(ctx, "tasks", rest - pot);
      ports.tasks.set(ctx, { ...t, slashedToPot: t.slashedToPot + pot, slashedBurned: t.slashedBurned + rest - pot });
      ctx.emit(event("slash", { task: s.taskId, role: s.role, seat: s.index, worker: s.worker, amount, burned: rest - pot, pot, bounty }));
      return amount;
    },
    unlock(ctx, s) {
      ports.workers.unlockSeat(ctx, s.worker, s.stake - s.slashed);
      ofWorker.delete(ctx, s.worker, s.taskId, s.role, s.index);
      ctx.emit(event("seat_unlocked", { task: s.taskId, role: s.role, seat: s.index, worker: s.worker, amount: s.stake - s.slashed }));
    },
    vacate(ctx, given) {
      const s = keeper.seat(ctx, given.taskId, given.role, given.index) ?? given;
      keeper.unlock(ctx, s);
      seats.delete(ctx, s.taskId, s.role, s.index);
    },
    fill(ctx, t, roles) {
      let full = true;
      for (const role of roles) full = fillRole(ctx, t, role) && full;
      return full;
    },
  };

  /** Only miners compute in the task's profile: supervisors compute nothing, and evaluation is always exact. */
  const profileOf = (role: Role, spec: { profile: string }): string => (role === Role.ROLE_MINER ? spec.profile : EXACT_PROFILE);

  function fillRole(ctx: Context, t: Task, role: Role): boolean {
    const { spec } = t;
    if (!spec) return false;
    const count = role === Role.ROLE_MINER ? spec.slots : role === Role.ROLE_SUPERVISOR ? spec.supervisors : spec.evaluators;
    const empty: number[] = [];
    for (let index = 0; index < count; index++) if (!seats.has(ctx, t.id, role, index)) empty.push(index);
    if (empty.length === 0) return true;
    const beacon = ports.beacon.at(ctx, ctx.block.height);
    if (!beacon || snapshot?.height !== ctx.block.height) return false;
    const stake = t.seatStakes[role - 1] ?? 0n;
    const memory = ports.tasks.memory(ctx, t.id);
    const elsewhere = new Set(keeper.seats(ctx, t.id).filter((s) => s.role !== role).map((s) => s.worker));
    const candidates = snapshot.workers
      .filter((w) => w.roles.includes(role) && w.profiles.includes(profileOf(role, spec)) && w.memory >= memory && w.minFee <= t.fee && w.address !== t.client && !elsewhere.has(w.address))
      .map((w) => ({ address: ctx.addresses.parse(w.address), freeStake: w.stake - w.locked, seats: w.maxSeats - w.seats, fit: fitPpm(w.preferences, spec.properties) }));
    const drawn = drawSeats(ctx.crypto, { beacon, taskId: t.id, role, count: empty.length, seatStake: stake, candidates });
    let taken = 0;
    drawn.forEach((c, i) => {
      const worker = ctx.addresses.format(c.address);
      const index = empty[i] as number;
      // Free stake that has gone since the snapshot: the seat is drawn anew in the next block.
      if (!ports.workers.lockSeat(ctx, worker, stake)) return;
      taken++;
      const s = Seat.create({ taskId: t.id, role, index, worker, stake, drawnHeight: ctx.block.height });
      keeper.set(ctx, s);
      ofWorker.set(ctx, Uint8Array.of(1), worker, t.id, role, index);
      ctx.emit(event("seat_drawn", { task: t.id, role, seat: index, worker, stake }));
    });
    return taken === empty.length;
  }

  const join = (ctx: Context, m: MsgJoinTask): MsgJoinTaskResponse => {
    const t = ports.tasks.get(ctx, m.taskId);
    if (!t) throw matchingErrors.unknownTask(`task ${m.taskId}`);
    const own = keeper.byWorker(ctx, m.taskId, m.worker);
    if (own.length === 0) throw matchingErrors.notDrawn(`${m.worker} has no seat in task ${m.taskId}`);
    if (t.phase === Phase.PHASE_CLOSED) throw matchingErrors.wrongPhase(`task ${t.id} is closed`);
    if (m.sessionKey.length !== 32) throw matchingErrors.badKey(`got ${m.sessionKey.length} bytes`);
    if (m.endpoint !== "" && !/^[A-Za-z0-9.[\]:-]{1,253}:[0-9]{1,5}$/.test(m.endpoint)) throw matchingErrors.badEndpoint(`got ${JSON.stringify(m.endpoint.slice(0, 80))}`);
    const fixed = t.phase !== Phase.PHASE_REGISTRATION && t.phase !== Phase.PHASE_INITIALISATION;
    for (const s of own) {
      if (fixed && s.joined && !s.sessionKey.every((b, i) => b === m.sessionKey[i])) throw matchingErrors.keyFixed(`task ${t.id}`);
      keeper.set(ctx, { ...s, joined: true, sessionKey: m.sessionKey, endpoint: m.endpoint });
    }
    ctx.emit(event("task_joined", { task: t.id, worker: m.worker, seats: own.length, endpoint: m.endpoint }));
    return {};
  };

  const module: AppModule = {
    name: "matching",
    stores: [STORE],
    messages: [message("matching", MsgJoinTask, MsgJoinTaskResponse, join)],
    queries: [
      query("/pouw.v1.Query/Seats", QuerySeatsRequest, QuerySeatsResponse, (ctx, q) => {
        const found = ofWorker.entries(ctx, ctx.addresses.parse(q.worker)).map(([key]) => seatAt(ctx, key));
        return { seats: found.filter((s): s is Seat => s !== undefined) };
      }),
    ],
    beginBlock(ctx) {
      const wanted = ports.tasks.open(ctx).some((t) => t.phase === Phase.PHASE_REGISTRATION || t.phase === Phase.PHASE_INITIALISATION || t.phase === Phase.PHASE_SETTLING || t.phase === Phase.PHASE_EVALUATION);
      snapshot = wanted ? { height: ctx.block.height, workers: ports.workers.withFreeStake(ctx) } : undefined;
    },
    initGenesis(ctx, genesis) {
      const entries = ((genesis ?? {}) as { entries?: unknown }).entries;
      if (entries !== undefined) loadStore(ctx, STORE, entries);
    },
    exportGenesis: (ctx) => ({ entries: dumpStore(ctx, STORE) }),
    invariants: {
      "locked stake is what the seats hold"(ctx) {
        const held = new Map<string, bigint>();
        for (const [key] of ofWorker.entries(ctx)) {
          const s = seatAt(ctx, key);
          if (s) held.set(s.worker, (held.get(s.worker) ?? 0n) + s.stake - s.slashed);
        }
        for (const w of ports.workers.all(ctx)) if (w.locked !== (held.get(w.address) ?? 0n)) return `${w.address} has ${w.locked} locked, its seats hold ${held.get(w.address) ?? 0n}`;
        return undefined;
      },
    },
  };
  return { module, keeper };
}

export const ALL_ROLES = ROLES;
