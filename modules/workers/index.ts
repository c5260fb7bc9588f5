/**
 * `workers`: who offers work, with what stake.
 *
 * Invariant kept here: the pool "workers" holds exactly all stakes and all unbonding amounts; a worker's locked stake is
 * at most its stake.
 */
import { concat, u64be } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { defineError, sdk } from "#kernel/errors.js";
import { type AppModule, message, query } from "#kernel/module.js";
import { collection, type View } from "#kernel/store.js";
import {
  MsgAddStake, MsgAddStakeResponse, MsgRegisterWorker, MsgRegisterWorkerResponse, MsgUnbond, MsgUnbondResponse, MsgUpdateWorker, MsgUpdateWorkerResponse,
  type Params, QueryWorkerRequest, QueryWorkerResponse, QueryWorkersRequest, QueryWorkersResponse, Role, Unbonding, Worker, WorkersGenesis,
} from "#proto/gen/pouw.js";
import { fromJson, toJson } from "#proto/json.js";

type Pool = "workers" | "tasks" | "work" | "fee_collector";

export interface WorkersPorts {
  readonly params: { get(ctx: View): Params };
  readonly bank: {
    toPool(ctx: Context, from: string, pool: "workers", amount: bigint): void;
    fromPool(ctx: Context, pool: "workers", to: string, amount: bigint): void;
    betweenPools(ctx: Context, from: "workers", to: Pool, amount: bigint): void;
    poolBalance(ctx: View, pool: "workers"): bigint;
  };
}

export interface WorkersKeeper {
  get(ctx: View, address: string): Worker | undefined;
  /** ascending by raw address */
  all(ctx: View): Worker[];
  /** those whose free stake is at least min_seat_stake, so that they can be drawn for something; ascending by raw address */
  withFreeStake(ctx: View): Worker[];
  /** Takes a seat and locks its stake; false when the worker has neither. */
  lockSeat(ctx: Context, address: string, stake: bigint): boolean;
  /** What is left of a seat's stake is free again. */
  unlockSeat(ctx: Context, address: string, stake: bigint): void;
  /** A slash: leaves the worker's locked stake for a pool. */
  takeLocked(ctx: Context, address: string, amount: bigint, to: Pool): void;
}

export const workersErrors = {
  registered: defineError("workers", 2, "the worker is registered already"),
  unknown: defineError("workers", 3, "no worker has this address"),
  badRole: defineError("workers", 4, "roles are miner, supervisor and evaluator"),
  badField: defineError("workers", 5, "a field of the worker is out of range"),
  wrongDenom: defineError("workers", 6, "amounts are in the chain's own denomination"),
  notFree: defineError("workers", 7, "more than the worker's free stake"),
};

const STORE = "workers";
const MAX_SEATS = 4096;
const MAX_LIST = 1000;
const workers = collection<[address: string], Worker>(STORE, 1, (env, address) => env.addresses.parse(address), Worker);
/** One a worker and height: however often a worker asks within a block, the end of a block has one payment to make. */
const unbondings = collection<[height: bigint, address: string], Unbonding>(STORE, 2, (env, height, address) => concat(u64be(height), env.addresses.parse(address)), Unbonding);
/**
 * Raw addresses of those who can be drawn. A draw walks these alone: workers without free stake cost nothing to make and
 * must cost nothing to have.
 */
const drawable = collection<[address: string], true>(STORE, 4, (env, address) => env.addresses.parse(address), { encode: () => new Uint8Array(0), decode: () => true as const });

/** What is paid at the end of this block. What is not due yet is not read. */
function due(ctx: Context): Unbonding[] {
  const out: Unbonding[] = [];
  for (const [, value] of ctx.store(STORE).iterate(Uint8Array.of(2), concat(Uint8Array.of(2), u64be(ctx.block.height + 1n)))) out.push(Unbonding.decode(value));
  return out;
}

type Fields = Pick<MsgRegisterWorker, "roles" | "profiles" | "memory" | "maxSeats" | "preferences">;

export function defineWorkers({ params, bank }: WorkersPorts): { module: AppModule; keeper: WorkersKeeper } {
  const must = (ctx: View, address: string): Worker => {
    const w = workers.get(ctx, address);
    if (!w) throw workersErrors.unknown(`${address}: register first`);
    return w;
  };
  const put = (ctx: View, w: Worker): void => {
    workers.set(ctx, w, w.address);
    const can = w.stake - w.locked >= params.get(ctx).minSeatStake;
    if (can && !drawable.has(ctx, w.address)) drawable.set(ctx, true, w.address);
    else if (!can) drawable.delete(ctx, w.address);
  };
  const bonds = (ctx: View, u: Unbonding): void => {
    const before = unbondings.get(ctx, u.height, u.address);
    unbondings.set(ctx, { ...u, amount: u.amount + (before?.amount ?? 0n) }, u.height, u.address);
  };
  const keeper: WorkersKeeper = {
    get: (ctx, address) => workers.get(ctx, address),
    all: (ctx) => workers.list(ctx),
    withFreeStake: (ctx) => drawable.entries(ctx).map(([key]) => must(ctx, ctx.addresses.format(key))),
    lockSeat(ctx, address, stake) {
      const w = workers.get(ctx, address);
      if (!w || w.seats >= w.maxSeats || w.stake - w.locked < stake) return false;
      put(ctx, { ...w, seats: w.seats + 1, locked: w.locked + stake });
      return true;
    },
    unlockSeat(ctx, address, stake) {
      const w = must(ctx, address);
      if (w.seats < 1 || w.locked < stake) throw sdk.logic(`unlocking ${stake} of ${address}, which has ${w.seats} seats and ${w.locked} locked`);
      put(ctx, { ...w, seats: w.seats - 1, locked: w.locked - stake });
    },
    takeLocked(ctx, address, amount, to) {
      const w = must(ctx, address);
      if (w.locked < amount) throw sdk.logic(`taking ${amount} of ${address}, which has ${w.locked} locked`);
      put(ctx, { ...w, stake: w.stake - amount, locked: w.locked - amount });
      bank.betweenPools(ctx, "workers", to, amount);
    },
  };

  const amountOf = (ctx: View, coin: { denom: string; amount: string } | undefined, what: string, least: bigint): bigint => {
    const { denom } = params.get(ctx);
    if (!coin) {
      if (least === 0n) return 0n;
      throw workersErrors.badField(`${what} is missing`);
    }
    if (coin.denom !== denom) throw workersErrors.wrongDenom(`${what}: got ${coin.denom.slice(0, 64)}, want ${denom}`);
    if (!/^[0-9]{1,19}$/.test(coin.amount) || BigInt(coin.amount) < least) throw workersErrors.badField(`${what}: got ${coin.amount.slice(0, 64)}, want a whole number of at least ${least}`);
    return BigInt(coin.amount);
  };

  const checkFields = ({ roles, profiles, maxSeats, preferences }: Fields) => {
    if (roles.length === 0 || new Set(roles).size !== roles.length) throw workersErrors.badRole(`got ${roles.length} roles, want at least one, none twice`);
    for (const r of roles) {
      if (r === Role.ROLE_RESPONDER) throw workersErrors.badRole("responder is refused until predictions exist");
      if (r !== Role.ROLE_MINER && r !== Role.ROLE_SUPERVISOR && r !== Role.ROLE_EVALUATOR) throw workersErrors.badRole(`got role ${r}`);
    }
    if (profiles.length > 8 || profiles.some((p) => !/^[a-z0-9-]{1,32}$/.test(p))) throw workersErrors.badField("profiles: want at most 8 names of a–z, 0–9 and -");
    if (maxSeats < 1 || maxSeats > MAX_SEATS) throw workersErrors.badField(`max_seats: got ${maxSeats}, want 1 to ${MAX_SEATS}`);
    if (preferences.length !== 0 && (preferences.length !== 8 || preferences.some((p) => p > 100))) throw workersErrors.badField("preferences: want none, or 8 weights from 0 to 100");
  };

  const register = (ctx: Context, m: MsgRegisterWorker): MsgRegisterWorkerResponse => {
    if (workers.has(ctx, m.worker)) throw workersErrors.registered(`${m.worker}: change it with MsgUpdateWorker`);
    checkFields(m);
    const stake = amountOf(ctx, m.stake, "stake", 1n);
    const minFee = amountOf(ctx, m.minFee, "min_fee", 0n);
    bank.toPool(ctx, m.worker, "workers", stake);
    const w = Worker.create({ address: m.worker, roles: m.roles, profiles: m.profiles, memory: m.memory, maxSeats: m.maxSeats, preferences: m.preferences, minFee, stake });
    put(ctx, w);
    ctx.emit(event("worker_registered", { worker: m.worker, stake, roles: m.roles.join(",") }));
    return {};
  };
  const update = (ctx: Context, m: MsgUpdateWorker): MsgUpdateWorkerResponse => {
    const w = must(ctx, m.worker);
    checkFields(m);
    const minFee = amountOf(ctx, m.minFee, "min_fee", 0n);
    workers.set(ctx, { ...w, roles: m.roles, profiles: m.profiles, memory: m.memory, maxSeats: m.maxSeats, preferences: m.preferences, minFee }, m.worker);
    ctx.emit(event("worker_updated", { worker: m.worker }));
    return {};
  };
  const addStake = (ctx: Context, m: MsgAddStake): MsgAddStakeResponse => {
    const w = must(ctx, m.worker);
    const amount = amountOf(ctx, m.amount, "amount", 1n);
    bank.toPool(ctx, m.worker, "workers", amount);
    put(ctx, { ...w, stake: w.stake + amount });
    ctx.emit(event("stake_added", { worker: m.worker, amount }));
    return {};
  };
  const unbond = (ctx: Context, m: MsgUnbond): MsgUnbondResponse => {
    const w = must(ctx, m.worker);
    const amount = amountOf(ctx, m.amount, "amount", 1n);
    if (amount > w.stake - w.locked) throw workersErrors.notFree(`got ${amount}, free are ${w.stake - w.locked}`);
    const height = ctx.block.height + params.get(ctx).unbondBlocks;
    put(ctx, { ...w, stake: w.stake - amount });
    bonds(ctx, { address: m.worker, amount, height });
    ctx.emit(event("unbonding", { worker: m.worker, amount, height }));
    return { height };
  };

  const module: AppModule = {
    name: "workers",
    stores: [STORE],
    messages: [
      message("workers", MsgRegisterWorker, MsgRegisterWorkerResponse, register),
      message("workers", MsgUpdateWorker, MsgUpdateWorkerResponse, update),
      message("workers", MsgAddStake, MsgAddStakeResponse, addStake),
      message("workers", MsgUnbond, MsgUnbondResponse, unbond),
    ],
    queries: [
      query("/pouw.v1.Query/Worker", QueryWorkerRequest, QueryWorkerResponse, (ctx, q) => {
        const worker = workers.get(ctx, q.address);
        if (!worker) throw sdk.keyNotFound(`rpc error: code = NotFound desc = worker ${q.address} not found`);
        return { worker, unbondings: unbondings.list(ctx).filter((u) => u.address === q.address) };
      }),
      query("/pouw.v1.Query/Workers", QueryWorkersRequest, QueryWorkersResponse, (ctx, q) => {
        const limit = q.limit === 0 || q.limit > MAX_LIST ? MAX_LIST : q.limit;
        return { workers: workers.list(ctx, undefined, limit, q.startAfter ? ctx.addresses.parse(q.startAfter) : undefined) };
      }),
    ],
    initGenesis(ctx, genesis) {
      const g = fromJson(WorkersGenesis, genesis ?? {}, "app_state.workers");
      for (const w of g.workers) put(ctx, w);
      for (const u of g.unbondings) bonds(ctx, u);
    },
    exportGenesis: (ctx) => toJson(WorkersGenesis, { workers: workers.list(ctx), unbondings: unbondings.list(ctx) }),
    endBlock(ctx) {
      for (const u of due(ctx)) {
        unbondings.delete(ctx, u.height, u.address);
        bank.fromPool(ctx, "workers", u.address, u.amount);
        ctx.emit(event("unbonded", { worker: u.address, amount: u.amount }));
      }
    },
    invariants: {
      "the pool holds stakes and unbonding amounts"(ctx) {
        const all = workers.list(ctx).reduce((s, w) => s + w.stake, 0n) + unbondings.list(ctx).reduce((s, u) => s + u.amount, 0n);
        const pool = bank.poolBalance(ctx, "workers");
        return pool === all ? undefined : `the pool has ${pool}, workers and unbondings have ${all}`;
      },
      "locked stake is at most the stake": (ctx) => workers.list(ctx).filter((w) => w.locked > w.stake).map((w) => `${w.address} has ${w.locked} of ${w.stake} locked`)[0],
    },
  };
  return { module, keeper };
}
