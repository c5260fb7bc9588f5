/** The opinion of this evaluator on one task: fetched, scored on a thread of its own, salted. */
import { randomBytes } from "node:crypto";
import { parseTopology } from "#engine/topology/index.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { startThread } from "#platform/thread.js";
import { type Logger } from "#platform/log.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { type Download, type Fetched } from "./download.js";
import { type Opinion } from "./machine.js";
import { type Scored, type ScoreInput } from "./score.js";

/**
 * A test set that does not open or does not fit the task gives an empty list. What the supervisors do not serve is an
 * error, tried again with the next block; what was fetched before is not fetched again.
 */
export async function evaluate(view: TaskView, download: Download, log: Logger, signal: AbortSignal): Promise<Opinion> {
  const { task, submissions } = view;
  const fetched = await fetchTask(view, download, signal).catch((e: Error) => {
    // what sources said when they were told to stop is not why
    signal.throwIfAborted();
    throw e;
  });
  const scored = await scoreOnThread({ task, submissions, ...fetched }, signal);
  const salt = new Uint8Array(randomBytes(32));
  if (scored.unusable !== undefined) {
    log.warn("the test set is unusable", { task: task.id, why: scored.unusable });
    return { salt, scores: [] };
  }
  log.info("scored", { task: task.id, scores: scored.scores.map((s) => `${s.slot}:${s.score}`).join(" ") });
  return { salt, scores: scored.scores };
}

/** The sealed test set and the log: nothing of it needs the key. */
export function fetchTask(view: TaskView, download: Download, signal: AbortSignal): Promise<Fetched> {
  const { spec, id } = view.task;
  if (!spec?.testSet) throw new Error(`task ${id} names no test set`);
  return download.fetch(view, spec, parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS }), signal);
}

/** Scores beside the main thread, which goes on reading blocks and sending what is due. */
export async function scoreOnThread(input: ScoreInput, signal: AbortSignal): Promise<Scored> {
  signal.throwIfAborted();
  const worker = startThread(import.meta.url, "./worker", input);
  let stop = (): void => {};
  try {
    return await new Promise<Scored>((resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener("abort", stop, { once: true });
      worker.on("message", resolve);
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the scoring thread ended without scores")));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
