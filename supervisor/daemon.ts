/** The supervisor: one hub, one log and one set of blobs for all the tasks in which its worker has a supervisor's seat. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { equalBytes } from "#kernel/bytes.js";
import { type Chain, type Sender } from "#client/chain/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Bus, GrpcBus, type Hub } from "#bus/index.js";
import { BlobStore, blobService, Counters, notFound, parseEndpoint, type Service } from "#net/index.js";
import { isOver, queryTask, watchTasks } from "#client/chain/task-view.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { OpenJobs } from "#client/chain/open-jobs.js";
import { claimHome } from "#client/chain/home.js";
import { chainParams } from "#client/chain/params.js";
import { ensureWorker } from "#client/chain/worker.js";
import { LogStore } from "#net/log-store.js";
import { systemTimers, type Timers } from "#platform/clock.js";
import { Database } from "#platform/level.js";
import { type Logger } from "#platform/log.js";
import { Signatures } from "#platform/signatures.js";
import { EvidenceRelay } from "./evidence.js";
import { ResidualCache } from "./residuals.js";
import { evidenceService, logService } from "./services.js";
import { SupervisedTask, type SupervisorContext } from "./task.js";

export interface SupervisorSetup {
  readonly home: string;
  readonly chain: Chain;
  readonly sender: Sender;
  /** host:port to bind; port 0 takes a free one */
  readonly listen: string;
  /** host:port that others dial; default: what was bound */
  readonly endpoint?: string;
  readonly stake: bigint;
  readonly maxSeats: number;
  /** all data together, bytes; a task has an equal part for each seat; default 64 GiB */
  readonly maxDataBytes?: number;
  readonly allowPrivate: boolean;
  readonly log: Logger;
  /** called when the daemon serves */
  readonly ready?: (endpoint: string) => void;
  /** what it stands on, where it is not the machine's own */
  readonly ports?: Partial<SupervisorPorts>;
}

export interface SupervisorPorts {
  /** a bus that serves these beside its hub */
  bus(services: readonly Service[]): Bus;
  readonly timers: Timers;
  random(bytes: number): Uint8Array;
}

const DEFAULT_DATA = 64 * 2 ** 30;
/** how long a log and a test set are served after the seats are unlocked: some hours, for clients that come late */
const KEPT_BLOCKS = 20_000n;
/** what the logs need on the same disk */
const RESERVED = 512 * 2 ** 20;

export async function supervise(setup: SupervisorSetup, signal: AbortSignal): Promise<void> {
  const { chain, sender, log } = setup;
  if (setup.endpoint !== undefined) parseEndpoint(setup.endpoint);
  const db = await Database.open(join(setup.home, "db"));
  const maxBytes = setup.maxDataBytes ?? DEFAULT_DATA;
  const blobs = new BlobStore(join(setup.home, "blobs"), { maxBytes, reserveBytes: RESERVED });
  const cache = new ResidualCache();
  const jobs = new OpenJobs(chain);
  const tasks = new Map<bigint, SupervisedTask>();
  /** tasks that are being closed or removed */
  const endings = new Set<Promise<void>>();
  /** since which block we hold no seat in a task */
  const unlocked = new Map<bigint, bigint>();
  let swept = false;
  let open: ((view: TaskView) => SupervisedTask) | undefined;
  const task = (id: bigint): SupervisedTask => {
    const t = tasks.get(id);
    if (!t) throw notFound(`task ${id} is not supervised here`);
    return t;
  };

  const timers = setup.ports?.timers ?? systemTimers;
  const counters = new Counters({ log, timers });
  const signatures = new Signatures();
  let hub: Hub | undefined;
  let close = async (): Promise<void> => {};
  try {
    await claimHome(setup.home, chain);
    const services = [
      logService(task),
      evidenceService(task, new EvidenceRelay((id) => jobs.of(id), cache)),
      blobService({
        store: blobs,
        allowed: async (id, cid) => {
          // a client may be a block ahead of us
          if (!tasks.has(id)) await refresh(id);
          return task(id).allowedBlob(cid);
        },
        stored: (id, cid) => void tasks.get(id)?.blobStored(cid),
      }),
    ];
    const bus = setup.ports?.bus?.(services) ?? new GrpcBus({ allowPrivate: setup.allowPrivate, services });
    const served = await bus.serve(
      {
        chainId: chain.chainId,
        address: sender.address,
        log,
        crypto: nodeCrypto,
        timers,
        counters,
        random: setup.ports?.random ?? ((bytes) => new Uint8Array(randomBytes(bytes))),
        sizes: (id) => task(id).sizes,
        seat: async (id, role, index) => tasks.get(id)?.seat(role, index),
        clock: async (id) => task(id).clock(),
        iteration: async (peer, m) => void (await task(peer.taskId).receive(peer, m)),
        residual: async (peer, push) => {
          const t = task(peer.taskId);
          const m = await t.logStore.get(push.slot, push.seq);
          if (!m || !t.minerOf(push.slot).includes(peer)) return;
          const hash = Header.decode(m.header).residualHash;
          if (hash.length !== 32 || cache.get(hash)) return;
          if (equalBytes(nodeCrypto.sha256(push.residual), hash)) cache.put(hash, push.residual);
          else peer.fault("bad-hash");
        },
        follow: (id, clock, gone) => task(id).follow(clock, gone),
      },
      setup.listen,
    );
    ({ hub, close } = served);
    const endpoint = setup.endpoint ?? served.endpoint;
    await ensureWorker(chain, sender, { role: Role.ROLE_SUPERVISOR, stake: setup.stake, maxSeats: setup.maxSeats, memory: 1n << 30n }, log);
    const context: SupervisorContext = {
      chain,
      sender,
      params: await chainParams(chain),
      home: setup.home,
      db,
      blobs,
      maxTaskBytes: Math.floor(maxBytes / setup.maxSeats),
      discard,
      endpoint,
      allowPrivate: setup.allowPrivate,
      log,
      bus,
      signatures,
      timers,
      hub: () => served.hub,
    };
    open = (view) => {
      const t = new SupervisedTask(context, view);
      tasks.set(view.task.id, t);
      return t;
    };
    setup.ready?.(endpoint);
    await watchTasks(chain, sender.address, {
      signal,
      log,
      done: ({ task: t }) => isOver(t),
      each: async (header, views, held) => {
        for (const [id, view] of views) {
          if (!holdsSeat(view)) continue;
          try {
            (tasks.get(id) ?? open?.(view))?.onView(view);
          } catch (e) {
            log.error("a task failed at a block", { task: id, error: e as Error });
          }
        }
        for (const [id, t] of tasks) age(id, t, header.height, held.has(id));
        if (!swept) await sweep().catch((e: Error) => log.warn("data that no task needs is not deleted yet", { error: e }));
      },
    });
  } finally {
    hub?.close();
    await close();
    await Promise.all([...[...tasks.values()].map((t) => t.close()), ...endings]);
    await db.close();
  }

  function holdsSeat(view: TaskView): boolean {
    return view.task.phase >= Phase.PHASE_INITIALISATION && view.seats.some((s) => s.role === Role.ROLE_SUPERVISOR && s.worker === sender.address);
  }
  function needed(cid: string): boolean {
    return [...tasks.values()].some((t) => t.data.cids.includes(cid));
  }
  async function discard(cid: string): Promise<void> {
    if ([...tasks.values()].filter((t) => t.data.cids.includes(cid)).length < 2) await blobs.delete(cid);
  }
  /** Other tasks' blocks do not wait for it. */
  function inBackground(id: bigint, work: Promise<void>): void {
    const ending = work.catch((e: Error) => log.warn("a task does not end as it should", { task: id, error: e })).finally(() => endings.delete(ending));
    endings.add(ending);
  }
  /** What becomes of a task when its seats are unlocked. */
  function age(id: bigint, t: SupervisedTask, height: bigint, held: boolean): void {
    if (held) return void unlocked.delete(id);
    const since = unlocked.get(id);
    // not at the first block without seats: a task that was opened since they were asked for is not among them yet
    if (since === undefined) return void unlocked.set(id, height);
    if (height >= since + KEPT_BLOCKS) {
      unlocked.delete(id);
      tasks.delete(id);
      inBackground(id, t.forget());
    } else if (height > since && !t.data.retired) inBackground(id, t.retire());
    else return;
    swept = false;
  }
  /** Deletes blobs and logs of tasks in which we hold no seat any more, also of those that ended while we were away. */
  async function sweep(): Promise<void> {
    for (const t of tasks.values()) if (!(await t.data.loadManifest()) && !t.data.known) return; // its segments are not known yet
    swept = true;
    for (const cid of await blobs.list()) if (!needed(cid)) await blobs.delete(cid);
    for (const id of await LogStore.tasks(db)) if (!tasks.has(id)) await LogStore.clear(db, id);
  }
  async function refresh(id: bigint): Promise<void> {
    const view = await queryTask(chain, id);
    if (!tasks.has(id) && holdsSeat(view)) open?.(view);
  }
}
