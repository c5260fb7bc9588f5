/**
 * The evaluator daemon: once drawn for a task it opens the test set with the key on chain, scores every submitted model
 * with the exact engine, commits, and reveals.
 */
import "#platform/install.js";
import { randomBytes } from "node:crypto";
import { connectChain, createSender } from "#client/chain/index.js";
import { fromBech32 } from "#kernel/address.js";
import { parseTopology } from "#engine/topology/index.js";
import { BlobClient, fetchSpan, LogClient } from "#net/index.js";
import { maxTestSetBytes } from "#net/task-data.js";
import { type TaskView, watchTasks } from "#client/chain/task-view.js";
import { ensureWorker, message, trySend } from "#client/chain/worker.js";
import { readMnemonic } from "#platform/keys.js";
import { createLogger, type Logger, type LogLevel } from "#platform/log.js";
import { scoreCommit } from "#protocol/scores.js";
import { MsgCommitScores, MsgRevealScores, Phase, Role } from "#proto/gen/pouw.js";
import { nextAction, type Opinion } from "./machine.js";
import { scoreModels } from "./score.js";
import { OpinionStore } from "./store.js";
import { readTestSet } from "./test-set.js";

export interface EvaluatorOptions {
  readonly home: string;
  readonly rpc: string;
  /** path of a file that holds the account's mnemonic */
  readonly key: string;
  /** base units */
  readonly stake: bigint;
  readonly maxSeats: number;
  readonly allowPrivate?: boolean;
  readonly logLevel?: LogLevel;
}

const ZEROS = new Uint8Array(32);
const MAX_PARAMETERS = 2 ** 26;

/** Runs until the signal is aborted. Throws when the home is in use, the key file is wrong, or registration is refused. */
export async function runEvaluator(options: EvaluatorOptions, signal: AbortSignal): Promise<void> {
  const log = createLogger("evaluator", options.logLevel);
  const store = await OpinionStore.open(options.home);
  const chain = await connectChain({ rpc: options.rpc, signal });
  const sender = await createSender({ chain, rpc: options.rpc, mnemonic: readMnemonic(options.key) });
  await ensureWorker(chain, sender, { role: Role.ROLE_EVALUATOR, stake: options.stake, maxSeats: options.maxSeats, memory: 1n << 30n }, log);
  try {
    await watchTasks(chain, sender.address, {
      signal,
      log,
      done: ({ task }) => task.phase === Phase.PHASE_CLOSED,
      each: async (_header, views) => {
        for (const view of views.values()) await step(view);
      },
    });
  } finally {
    await store.close();
  }

  async function step(view: TaskView): Promise<void> {
    const { task } = view;
    let opinion = await store.get(task.id);
    let { kind } = nextAction(sender.address, view, opinion);
    if (kind === "evaluate") {
      opinion = await evaluate(view, { allowPrivate: options.allowPrivate ?? false, log, signal });
      await store.put(task.id, opinion);
      kind = "commit";
    }
    if (kind === "commit" && opinion) {
      const commitment = scoreCommit({ taskId: task.id, address: fromBech32(sender.address), ...opinion });
      await trySend(sender, "MsgCommitScores", message(MsgCommitScores, { evaluator: sender.address, taskId: task.id, commitment }), log);
    }
    if (kind === "reveal" && opinion) {
      const { salt, scores } = opinion;
      await trySend(sender, "MsgRevealScores", message(MsgRevealScores, { evaluator: sender.address, taskId: task.id, salt, scores: [...scores] }), log);
    }
  }
}

/**
 * The opinion of this evaluator. A test set that does not open or does not fit the task gives an empty list. What the
 * supervisors do not serve is an error, tried again with the next block.
 */
export async function evaluate(view: TaskView, o: { allowPrivate: boolean; log: Logger; signal: AbortSignal }): Promise<Opinion> {
  const { task, seats, slots, submissions } = view;
  const spec = task.spec;
  if (!spec?.testSet) throw new Error(`task ${task.id} names no test set`);
  const plan = parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS });
  const endpoints = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && !s.dropped && s.endpoint).map((s) => s.endpoint);
  const pool = { endpoints, allowPrivate: o.allowPrivate };
  const blobs = new BlobClient(pool);
  const logs = new LogClient(pool);
  const salt = new Uint8Array(randomBytes(32));
  try {
    const sealed = await blobs.get(spec.testSet.cid, maxTestSetBytes(spec, plan), { signal: o.signal });
    let test: ReturnType<typeof readTestSet>;
    try {
      test = readTestSet(sealed, task.testKey, spec, plan);
    } catch (e) {
      o.log.warn("the test set is unusable", { task: task.id, why: (e as Error).message });
      return { salt, scores: [] };
    }
    const maps = await Promise.all(
      slots.map(async ({ slot, head }) => {
        if (!head || head.seq === 0n) return [];
        const span = { taskId: task.id, slot, first: 1n, previous: ZEROS, last: head.seq, hash: head.hash };
        return (await fetchSpan(logs, span, { signal: o.signal })).map((e) => e.map);
      }),
    );
    const scores = await scoreModels(task, plan, maps, submissions, test);
    o.log.info("scored", { task: task.id, scores: scores.map((s) => `${s.slot}:${s.score}`).join(" ") });
    return { salt, scores };
  } finally {
    blobs.close();
    logs.close();
  }
}
