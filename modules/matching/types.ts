/** Seats as the module has them, how its message is read, what it needs of other modules, and what it offers. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import type { Params, Seat as WireSeat } from "#proto/gen/pouw/matching/v1/types.js";
import type { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { matchingErrors } from "./errors.js";

/** A role that has seats. */
export type SeatRole = typeof Role.ROLE_MINER | typeof Role.ROLE_SUPERVISOR | typeof Role.ROLE_EVALUATOR;

/** Names a seat. For a miner, index is the slot. */
export interface SeatId {
  readonly taskId: bigint;
  readonly role: Role;
  readonly index: number;
}

export interface Seat extends SeatId {
  readonly role: SeatRole;
  readonly worker: string;
  /** locked at the draw */
  readonly stake: bigint;
  /** of it */
  readonly slashed: bigint;
  /** what is left of the stake is locked; false once it was given back */
  readonly held: boolean;
  readonly drawnHeight: bigint;
  /** the worker has come, with its session key */
  readonly joined: boolean;
  /** ed25519, 32 bytes; there once it has joined */
  readonly sessionKey?: Uint8Array;
  /** host:port; none where the worker serves nothing */
  readonly endpoint?: string;
  /** supervisor: holds data, manifest and sealed test set */
  readonly confirmed: boolean;
  /** supervisor: silent too long */
  readonly dropped: boolean;
  /** supervisor: height of its newest MsgAnchorLog */
  readonly lastAnchor?: bigint;
}

/** Throws one line that begins with the field for what is no seat. */
export function parseSeat(wire: WireSeat): Seat {
  const { sessionKey, endpoint, role, lastAnchor, ...same } = wire;
  if (role !== Role.ROLE_MINER && role !== Role.ROLE_SUPERVISOR && role !== Role.ROLE_EVALUATOR) throw new Error(`role: got ${role}, want one that has seats`);
  if (wire.slashed > wire.stake) throw new Error(`slashed: got ${wire.slashed}, want at most the stake, ${wire.stake}`);
  if (sessionKey.length !== (wire.joined ? 32 : 0)) throw new Error(`session_key: got ${sessionKey.length} bytes, want 32 of who has joined, none of others`);
  if (endpoint !== "" && !wire.joined) throw new Error(`endpoint: got ${JSON.stringify(endpoint)} of who has not joined`);
  return {
    ...same,
    role,
    ...(wire.joined ? { sessionKey } : {}),
    ...(endpoint === "" ? {} : { endpoint }),
    ...(lastAnchor === undefined ? {} : { lastAnchor }),
  };
}

export const wireSeat = ({ sessionKey = new Uint8Array(0), endpoint = "", ...same }: Seat): WireSeat => ({ ...same, sessionKey, endpoint });

export const isEndpoint = (text: string): boolean => /^[A-Za-z0-9.[\]:-]{1,253}:[0-9]{1,5}$/.test(text);

/** What MsgJoinTask says of the worker's seats. Throws badKey and badEndpoint. */
export function parseJoinTask({ sessionKey, endpoint }: MsgJoinTask): { readonly sessionKey: Uint8Array; readonly endpoint?: string } {
  if (sessionKey.length !== 32) throw matchingErrors.badKey(`got ${sessionKey.length} bytes`);
  if (endpoint === "") return { sessionKey };
  if (!isEndpoint(endpoint)) throw matchingErrors.badEndpoint(`got ${JSON.stringify(endpoint.slice(0, 80))}`);
  return { sessionKey, endpoint };
}

/** What a draw must know of a worker. */
export interface Candidate {
  readonly address: string;
  readonly roles: readonly Role[];
  readonly profiles: readonly string[];
  readonly memory: bigint;
  readonly maxSeats: number;
  readonly preferences: readonly number[];
  readonly minFee: bigint;
  readonly stake: bigint;
  readonly locked: bigint;
  readonly seats: number;
}

/** What a draw must know of a task. */
export interface DrawnTask {
  readonly id: bigint;
  readonly client: string;
  readonly fee: bigint;
  readonly spec: {
    readonly slots: number;
    readonly supervisors: number;
    readonly evaluators: number;
    readonly profile: string;
    readonly properties: readonly number[];
  };
  /** what one seat locks */
  readonly seatStakes: { readonly miner: bigint; readonly supervisor: bigint; readonly evaluator: bigint };
}

export interface MatchingPorts {
  readonly beacon: { at(view: View, height: bigint): Uint8Array | undefined };
  readonly workers: {
    all(view: View): readonly { readonly address: string; readonly locked: bigint; readonly seats: number }[];
    withFreeStake(view: View): readonly Candidate[];
    lockSeat(ctx: Context, address: string, stake: bigint): boolean;
    unlockSeat(ctx: Context, address: string, stake: bigint): void;
    takeLocked(ctx: Context, address: string, amount: bigint, to: "tasks"): void;
  };
  readonly tasks: {
    get(view: View, id: bigint): { readonly phase: Phase; readonly spec: DrawnTask["spec"] } | undefined;
    /** with the parameters of its creation */
    must(view: View, id: bigint): { readonly terms: { readonly equivocationBounty: number } };
    open(view: View): readonly { readonly id: bigint; readonly phase: Phase; readonly spec: DrawnTask["spec"] }[];
    /** tasks that are closed and have not given their seats back */
    unlocking(view: View): ReadonlySet<bigint>;
    /** bytes that an engine of the task takes */
    memory(view: View, id: bigint): bigint;
    /** Slashed stake that has arrived in the pool "tasks": the bounty is paid of it, and of the rest half is burned and half goes to the pot; all is burned after Payout. */
    addSlashed(ctx: Context, id: bigint, amount: bigint, bounty?: { readonly to: string; readonly amount: bigint }): { readonly burned: bigint; readonly pot: bigint; readonly bounty: bigint };
  };
}

export interface MatchingKeeper {
  params(view: View): Params;
  /** miners by slot, then supervisors, then evaluators */
  seats(view: View, taskId: bigint, role?: Role): readonly Seat[];
  /** the same as the generated messages, for queries */
  wireSeats(view: View, taskId: bigint): WireSeat[];
  seat(view: View, taskId: bigint, role: Role, index: number): Seat | undefined;
  /** seats that the worker holds: none once they are unlocked */
  byWorker(view: View, taskId: bigint, worker: string): readonly Seat[];
  /** Whether the worker holds a seat in the task; one look at an index. */
  sits(view: View, worker: string, taskId: bigint): boolean;
  /** A supervisor has the data. */
  confirm(ctx: Context, seat: SeatId): void;
  /** A supervisor anchored its log in this block. */
  noteAnchor(ctx: Context, seat: SeatId): void;
  /** A supervisor was silent too long. */
  drop(ctx: Context, seat: SeatId): void;
  /** ⌊stake·ppm⌋, at most what is left, nothing of a seat whose stake was given back. A bounty goes to a reporter without a seat in the task. Answers what was taken. */
  slash(ctx: Context, seat: SeatId, ppm: number, options?: { readonly bountyTo?: string }): bigint;
  /** What is left of the stake is free again; the record stays. */
  unlock(ctx: Context, seat: SeatId): void;
  /** Gives a seat to be drawn anew: its worker leaves it. */
  vacate(ctx: Context, seat: SeatId): void;
  /** Draws what is empty. True when every seat of these roles is taken. */
  fill(ctx: Context, task: DrawnTask, roles: readonly Role[]): boolean;
}
