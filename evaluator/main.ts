/**
 * The evaluator daemon: once drawn for a task it fetches the log and the sealed test set, opens that with the key on chain,
 * scores every submitted model with the exact engine, commits, and reveals.
 */
import "#platform/install.js";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { connectChain, createSender } from "#client/chain/index.js";
import { claimHome } from "#client/chain/home.js";
import { watchTasks } from "#client/chain/task-view.js";
import { ensureWorker, message, trySend } from "#client/chain/worker.js";
import { nodeCrypto } from "#platform/crypto.js";
import { readMnemonic } from "#platform/keys.js";
import { createLogger, type LogLevel } from "#platform/log.js";
import { scoreCommit } from "#protocol/tasks/scores.js";
import { MsgCommitScores, MsgRevealScores } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { Download } from "./download.js";
import { Driver } from "./driver.js";
import { evaluate, fetchTask } from "./evaluate.js";
import { OpinionStore } from "./store.js";

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

/** How long what is under way may take after the signal, ms. */
const LEAVE_MS = 3_000;

/** Runs until the signal is aborted. Throws when the home is in use, the key file is wrong, or registration is refused. */
export async function runEvaluator(options: EvaluatorOptions, signal: AbortSignal): Promise<void> {
  const log = createLogger("evaluator", options.logLevel);
  const store = await OpinionStore.open(options.home);
  const chain = await connectChain({ rpc: options.rpc, signal });
  await claimHome(options.home, chain);
  const sender = await createSender({ chain, rpc: options.rpc, mnemonic: readMnemonic(options.key) });
  await ensureWorker(chain, sender, { role: Role.ROLE_EVALUATOR, stake: options.stake, maxSeats: options.maxSeats, memory: 1n << 30n }, log);
  // what an earlier process fetched is not known to be whole
  const directory = join(options.home, "evaluations");
  rmSync(directory, { recursive: true, force: true });
  const downloads = new Map<bigint, Download>();
  const downloadOf = (id: bigint): Download => {
    const download = downloads.get(id) ?? new Download({ allowPrivate: options.allowPrivate ?? false, directory: join(directory, `${id}`) });
    downloads.set(id, download);
    return download;
  };
  const drop = (id: bigint): void => {
    downloads.get(id)?.close();
    downloads.delete(id);
  };
  const driver = new Driver({
    me: sender.address,
    store,
    log,
    signal,
    fetch: (view, stop) => fetchTask(view, downloadOf(view.task.id), stop),
    score: (view, stop) => evaluate(view, downloadOf(view.task.id), log, stop),
    drop,
    commit: ({ task }, opinion) => {
      const commitment = scoreCommit(nodeCrypto, { taskId: task.id, address: chain.addresses.parse(sender.address), ...opinion });
      return trySend(sender, "MsgCommitScores", message(MsgCommitScores, { evaluator: sender.address, taskId: task.id, commitment }), log);
    },
    reveal: ({ task }, { salt, scores }) => trySend(sender, "MsgRevealScores", message(MsgRevealScores, { evaluator: sender.address, taskId: task.id, salt, scores: [...scores] }), log),
  });
  try {
    await watchTasks(chain, sender.address, {
      signal,
      log,
      done: ({ task }) => task.phase === Phase.PHASE_CLOSED,
      each: async (_header, views) => {
        driver.block(views);
      },
    });
  } finally {
    // what was committed is on disk; a transaction that the chain does not take now is sent again after a restart
    await Promise.race([driver.settled(), new Promise((resolve) => setTimeout(resolve, LEAVE_MS).unref())]);
    for (const id of downloads.keys()) drop(id);
    await store.close();
  }
}
