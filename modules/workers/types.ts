/** Workers as the module has them, how messages are read, what it needs of other modules, and what it offers. Ports are read at call time. */
import { defineAccounts, type ModuleBank } from "#kernel/accounts.js";
import type { Context } from "#kernel/context.js";
import type { ErrorKind } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { MsgAddStake, MsgRegisterWorker, MsgUnbond, MsgUpdateWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import type { Params, Unbonding as WireUnbonding, Worker as WireWorker } from "#proto/gen/pouw/workers/v1/types.js";
import { workersErrors } from "./errors.js";

/** The pool holds all stakes and all that unbonds. */
export const workersAccounts = defineAccounts({ name: "workers", may: [] });

/** A role that a worker can have. */
export type WorkerRole = typeof Role.ROLE_MINER | typeof Role.ROLE_SUPERVISOR | typeof Role.ROLE_EVALUATOR;

/** What a worker offers. */
export interface Offer {
  /** at least one, none twice */
  readonly roles: readonly WorkerRole[];
  readonly profiles: readonly string[];
  /** bytes */
  readonly memory: bigint;
  readonly maxSeats: number;
  /** 8 weights from 0 to 100; none: every task is as welcome */
  readonly preferences: readonly number[];
  /** base units */
  readonly minFee: bigint;
}

export interface Worker extends Offer {
  readonly address: string;
  /** all of it but what unbonds */
  readonly stake: bigint;
  /** of the stake, in seats */
  readonly locked: bigint;
  /** taken now */
  readonly seats: number;
}

/** Stake that was taken back, paid at the end of the block `height`. */
export type Unbonding = Readonly<WireUnbonding>;

const MAX_SEATS = 4096;
const MAX_PROFILES = 8;

/** From the store, whose writer has checked it. */
export const parseWorker = (wire: WireWorker): Worker => ({ ...wire, roles: wire.roles as WorkerRole[] });
export const wireWorker = (w: Worker): WireWorker => ({ ...w, roles: [...w.roles], profiles: [...w.profiles], preferences: [...w.preferences] });

type WireOffer = Pick<MsgRegisterWorker, "roles" | "profiles" | "memory" | "maxSeats" | "preferences">;

export interface OfferFault {
  readonly kind: ErrorKind;
  /** as the .proto names it */
  readonly field: string;
  readonly what: string;
}

/** The first field that is out of range. */
export function offerFault({ roles, profiles, maxSeats, preferences }: WireOffer): OfferFault | undefined {
  const { badRole, badField: kind } = workersErrors;
  const role = (what: string): OfferFault => ({ kind: badRole, field: "roles", what });
  if (roles.length === 0 || new Set(roles).size !== roles.length) return role(`got ${roles.length} roles, want at least one, none twice`);
  for (const r of roles) {
    if (r === Role.ROLE_RESPONDER) return role("responder is refused until predictions exist");
    if (r !== Role.ROLE_MINER && r !== Role.ROLE_SUPERVISOR && r !== Role.ROLE_EVALUATOR) return role(`got role ${r}`);
  }
  if (profiles.length > MAX_PROFILES || profiles.some((p) => !/^[a-z0-9-]{1,32}$/.test(p))) return { kind, field: "profiles", what: `want at most ${MAX_PROFILES} names of a–z, 0–9 and -` };
  if (maxSeats < 1 || maxSeats > MAX_SEATS) return { kind, field: "max_seats", what: `got ${maxSeats}, want 1 to ${MAX_SEATS}` };
  if (preferences.length !== 0 && (preferences.length !== 8 || preferences.some((p) => p > 100))) return { kind, field: "preferences", what: "want none, or 8 weights from 0 to 100" };
  return undefined;
}

/** All but `minFee`. Throws badRole and badField. */
function parseOffer(wire: WireOffer): Omit<Offer, "minFee"> {
  const fault = offerFault(wire);
  if (fault) throw fault.kind(fault.kind === workersErrors.badRole ? fault.what : `${fault.field}: ${fault.what}`);
  const { roles, profiles, memory, maxSeats, preferences } = wire;
  return { roles: roles as WorkerRole[], profiles, memory, maxSeats, preferences };
}

/** Base units. Throws wrongDenom and badField; what may be 0 may be missing. */
function parseAmount(coin: Coin | undefined, denom: string, what: string, least: bigint): bigint {
  if (!coin) {
    if (least === 0n) return 0n;
    throw workersErrors.badField(`${what} is missing`);
  }
  if (coin.denom !== denom) throw workersErrors.wrongDenom(`${what}: got ${coin.denom.slice(0, 64)}, want ${denom}`);
  if (!/^[0-9]{1,19}$/.test(coin.amount) || BigInt(coin.amount) < least) throw workersErrors.badField(`${what}: got ${coin.amount.slice(0, 64)}, want a whole number of at least ${least}`);
  return BigInt(coin.amount);
}

/** `denom` is the chain's own, here and below. */
export function parseRegisterWorker(wire: MsgRegisterWorker, denom: string): { readonly worker: string; readonly offer: Offer; readonly stake: bigint } {
  const offer = parseOffer(wire);
  const stake = parseAmount(wire.stake, denom, "stake", 1n);
  return { worker: wire.worker, offer: { ...offer, minFee: parseAmount(wire.minFee, denom, "min_fee", 0n) }, stake };
}

export function parseUpdateWorker(wire: MsgUpdateWorker, denom: string): { readonly worker: string; readonly offer: Offer } {
  const offer = parseOffer(wire);
  return { worker: wire.worker, offer: { ...offer, minFee: parseAmount(wire.minFee, denom, "min_fee", 0n) } };
}

export const parseAddStake = ({ worker, amount }: MsgAddStake, denom: string): { readonly worker: string; readonly amount: bigint } => ({ worker, amount: parseAmount(amount, denom, "amount", 1n) });

export const parseUnbond = ({ worker, amount }: MsgUnbond, denom: string): { readonly worker: string; readonly amount: bigint } => ({ worker, amount: parseAmount(amount, denom, "amount", 1n) });

export interface WorkersPorts {
  readonly bank: ModuleBank<typeof workersAccounts>;
  readonly staking: { params(view: View): { readonly bondDenom: string } };
}

export interface WorkersKeeper {
  params(view: View): Params;
  get(view: View, address: string): Worker | undefined;
  /** ascending by raw address */
  all(view: View): readonly Worker[];
  /** those whose free stake is at least min_seat_stake, so that they can be drawn for something; who has least first */
  withFreeStake(view: View): readonly Worker[];
  /** Takes a seat and locks its stake; false when the worker has neither. */
  lockSeat(ctx: Context, address: string, stake: bigint): boolean;
  /** What is left of a seat's stake is free again. */
  unlockSeat(ctx: Context, address: string, stake: bigint): void;
  /** A slash: leaves the worker's locked stake for another module's pool. */
  takeLocked(ctx: Context, address: string, amount: bigint, to: "tasks"): void;
}
