/** What every daemon does with its account: register once, join the tasks it was drawn for, and send without giving up early. */
import { bondDenom } from "./params.js";
import { type Chain, ChainError, type Message, type Sender, type TxResult } from "./types.js";
import { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import type { Role } from "#proto/gen/pouw/v1/types.js";
import { WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import { MsgRegisterWorker, MsgUpdateWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import type { Worker } from "#proto/gen/pouw/workers/v1/types.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { type Codec } from "#proto/wire.js";
import { type Logger } from "#platform/log.js";

export const message = <T>(codec: Codec<T>, value: Partial<T>): Message => ({ codec: codec as Codec<unknown>, value: codec.create(value) });

export interface Refused {
  /** codespace and code, "work/14"; empty where the chain did not say */
  readonly refused: string;
}

/** Sends one message; answers the result when it was executed, else why not (and a line in the log). */
export async function sendOnce(sender: Sender, what: string, m: Message, log: Logger): Promise<TxResult | Refused> {
  try {
    const r = await sender.send([m]);
    if (r.code === 0) return r;
    log.warn(`${what} was refused`, { codespace: r.codespace, code: r.code, why: r.log });
    return { refused: `${r.codespace}/${r.code}` };
  } catch (e) {
    const known = e instanceof ChainError ? { codespace: e.codespace, code: e.code } : undefined;
    log.warn(`${what} was refused`, { ...known, why: (e as Error).message });
    return { refused: known ? `${known.codespace}/${known.code}` : "" };
  }
}

/** Sends one message; answers the result when it was executed, undefined (and a line in the log) when the chain refused it. */
export async function trySend(sender: Sender, what: string, m: Message, log: Logger): Promise<TxResult | undefined> {
  const r = await sendOnce(sender, what, m, log);
  return "refused" in r ? undefined : r;
}

export async function queryWorker(chain: Chain, address: string): Promise<Worker | undefined> {
  try {
    return (await chain.query(WorkersQuery.methods.worker, { address })).value.worker;
  } catch (e) {
    if (e instanceof ChainError) return undefined;
    throw e;
  }
}

export interface Registration {
  readonly role: Role;
  readonly stake: bigint;
  readonly maxSeats: number;
  readonly memory: bigint;
  readonly profiles?: readonly string[];
}

/** Registers the worker, or brings a worker that is there up to date: its role, and its profiles where they are named. Throws when the chain refuses. */
export async function ensureWorker(chain: Chain, sender: Sender, r: Registration, log: Logger): Promise<void> {
  const worker = await queryWorker(chain, sender.address);
  const profiles = [...(r.profiles ?? worker?.profiles ?? [EXACT_PROFILE])];
  const sameProfiles = profiles.length === worker?.profiles.length && profiles.every((p) => worker.profiles.includes(p));
  if (worker?.roles.includes(r.role) && sameProfiles) return;
  const denom = await bondDenom(chain);
  const coin = (amount: bigint) => ({ denom, amount: amount.toString() });
  const m = worker
    ? message(MsgUpdateWorker, {
        worker: sender.address,
        roles: [...new Set([...worker.roles, r.role])].sort((a, b) => a - b),
        profiles,
        memory: worker.memory,
        maxSeats: worker.maxSeats,
        preferences: worker.preferences,
        minFee: coin(worker.minFee),
      })
    : message(MsgRegisterWorker, { worker: sender.address, roles: [r.role], profiles, memory: r.memory, maxSeats: r.maxSeats, preferences: [], minFee: coin(0n), stake: coin(r.stake) });
  const result = await sender.send([m]);
  if (result.code !== 0) throw new ChainError(result.codespace, result.code, `cannot register ${sender.address}: ${result.log}`);
  log.info("registered", { worker: sender.address, stake: r.stake, seats: r.maxSeats });
}

export const joinTask = (sender: Sender, taskId: bigint, sessionKey: Uint8Array, endpoint: string, log: Logger): Promise<TxResult | undefined> =>
  trySend(sender, "MsgJoinTask", message(MsgJoinTask, { worker: sender.address, taskId, sessionKey, endpoint }), log);
