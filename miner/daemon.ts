/** The miner: every task in which its worker holds miners' seats, each with its own compute thread. */
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { type Chain, type Sender } from "#client/chain/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { queryTask, watchTasks } from "#client/chain/task-view.js";
import { OpenJobs } from "#client/chain/open-jobs.js";
import { claimHome } from "#client/chain/home.js";
import { chainParams } from "#client/chain/params.js";
import { ensureWorker } from "#client/chain/worker.js";
import { Database } from "#platform/level.js";
import { type Logger } from "#platform/log.js";
import { startThread } from "#platform/thread.js";
import { type Bus, GrpcBus } from "#bus/index.js";
import { LogStore } from "#net/log-store.js";
import { forgetRounds } from "#net/rounds-kept.js";
import { systemTimers, type Timers } from "#platform/clock.js";
import { Signatures } from "#platform/signatures.js";
import { noTensorFlow } from "#engine/tolerant/index.js";
import { TOLERANT_PROFILE } from "#protocol/tasks/profiles.js";
import { profilesHere } from "./engine.js";
import { type ComputeSetup, type ComputeThread, type FromCompute } from "./protocol.js";
import { offeredMemory } from "./seats.js";
import { ResidualStore } from "./residuals.js";
import { Snapshots } from "./snapshots.js";
import { clearBlobs, MinedTask, type MinerContext } from "./task.js";

export interface MinerSetup {
  readonly home: string;
  readonly chain: Chain;
  readonly sender: Sender;
  readonly stake: bigint;
  readonly maxSeats: number;
  readonly allowPrivate: boolean;
  readonly log: Logger;
  /** the package that computes the tolerant profile: @tensorflow/tfjs-node unless it is named */
  readonly tensorFlow?: string | undefined;
  readonly ready?: () => void;
  /** what it stands on, where it is not the machine's own */
  readonly ports?: Partial<MinerPorts>;
}

export interface MinerPorts {
  readonly bus: Bus;
  readonly timers: Timers;
  startCompute(setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread;
}

export const startCompute = (setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread => overThread(startThread(import.meta.url, "./worker", setup), receive);

/** A worker thread that runs compute-loop.ts. */
export function overThread(worker: ReturnType<typeof startThread>, receive: (m: FromCompute) => void): ComputeThread {
  worker.on("message", receive);
  worker.on("error", (e) => receive({ kind: "failed", error: e.stack ?? e.message }));
  worker.on("exit", (code) => receive({ kind: "failed", error: `the thread ended with code ${code}` }));
  return {
    post: (m) => (m instanceof Uint8Array ? worker.postMessage(m, [m.buffer as ArrayBuffer]) : worker.postMessage(m)),
    close: async () => {
      await worker.terminate();
    },
  };
}

export async function mine(setup: MinerSetup, signal: AbortSignal): Promise<void> {
  const { chain, sender, log } = setup;
  const db = await Database.open(join(setup.home, "db"));
  const tasks = new Map<bigint, MinedTask>();
  const signatures = new Signatures();
  const over = new AbortController();
  let died: Error | undefined;
  let swept = false;
  const die = (e: Error): void => {
    died ??= e;
    over.abort();
  };
  try {
    await claimHome(setup.home, chain);
    const memory = offeredMemory(totalmem());
    const profiles = await profilesHere(setup.tensorFlow);
    if (!profiles.includes(TOLERANT_PROFILE)) log.info(noTensorFlow(setup.tensorFlow));
    await ensureWorker(chain, sender, { role: Role.ROLE_MINER, stake: setup.stake, maxSeats: setup.maxSeats, memory, profiles }, log);
    log.debug("compute threads run one a task", { cores: availableParallelism() });
    const { ports = {} } = setup;
    const context: MinerContext = {
      ...setup,
      profiles,
      params: await chainParams(chain),
      db,
      signatures,
      jobs: new OpenJobs(chain),
      die,
      bus: ports.bus ?? new GrpcBus({ allowPrivate: setup.allowPrivate }),
      timers: ports.timers ?? systemTimers,
      startCompute: ports.startCompute ?? startCompute,
    };
    setup.ready?.();
    await watchTasks(chain, sender.address, {
      signal: AbortSignal.any([signal, over.signal]),
      log,
      done: ({ task }) => task.phase >= Phase.PHASE_EVALUATION,
      each: async (_header, views) => {
        for (const [id, view] of views) {
          if (!view.seats.some((s) => s.role === Role.ROLE_MINER && s.worker === sender.address)) continue;
          if (view.task.phase >= Phase.PHASE_EVALUATION) {
            const ended = tasks.get(id);
            tasks.delete(id);
            await ended?.close();
            await forget(id).catch((e: Error) => log.warn("what is left of a task is not deleted yet", { task: id, error: e }));
            continue;
          }
          let t = tasks.get(id);
          if (!t) tasks.set(id, (t = new MinedTask(context, view)));
          try {
            t.onView(view);
          } catch (e) {
            log.error("a task failed at a block", { task: id, error: e as Error });
          }
        }
        if (!swept) await sweep().catch((e: Error) => log.warn("what is left of ended tasks is not deleted yet", { error: e }));
        swept = true;
      },
    });
  } finally {
    await Promise.all([...tasks.values()].map((t) => t.close()));
    await db.close();
  }
  if (died) throw died;

  /** Removes what is left of a task of which nobody asks anything any more; its session key stays. */
  async function forget(id: bigint): Promise<void> {
    await LogStore.clear(db, id);
    await forgetRounds(db, id);
    await ResidualStore.clear(db, id);
    await Snapshots.clear(db, id);
    if (tasks.size === 0) await clearBlobs(db);
  }
  /** Tasks that ended while this miner was away. Only those of which the chain says so: a node that is behind knows less. */
  async function sweep(): Promise<void> {
    for (const id of await LogStore.tasks(db)) {
      if (!tasks.has(id) && (await queryTask(chain, id)).task.phase >= Phase.PHASE_EVALUATION) await forget(id);
    }
  }
}
