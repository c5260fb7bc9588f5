/** What a daemon sees of its tasks on chain: at each block, the state of every task in which its worker has a seat. */
import { type BlockHeader, type Chain, ChainError } from "./types.js";
import { MatchingQuery } from "#proto/gen/pouw/matching/v1/query.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { Phase, type Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { roundOf } from "#protocol/log/positions.js";
import type { TaskView } from "#protocol/tasks/task-view.js";

import { type Logger } from "#platform/log.js";

export async function queryTask(chain: Chain, id: bigint, height?: bigint): Promise<TaskView> {
  const { value: v, height: at } = await chain.query(TasksQuery.methods.taskState, { id }, height);
  if (!v.task) throw new Error(`the chain answered no task ${id}`);
  const lowestRound = v.lowestAnchoredRound ?? roundOf(0n);
  return { height: v.height || at, task: v.task, seats: v.seats, slots: v.slots, lowestRound, submissions: v.submissions, reveals: v.reveals, attested: v.attested };
}

/** Tries that reach no node, and how long they are apart, ms. */
const ROUND_TRIES = 5;
const ROUND_AGAIN = 1_000;

/** A at a block that was not seen; undefined where the node has its state no more. */
export async function lowestRoundAt(chain: Chain, id: bigint, height: bigint, signal: AbortSignal): Promise<bigint | undefined> {
  for (let tries = 0; tries < ROUND_TRIES && !signal.aborted; tries++) {
    try {
      return (await queryTask(chain, id, height)).lowestRound;
    } catch (e) {
      if (e instanceof ChainError) return undefined;
      await sleep(ROUND_AGAIN);
    }
  }
  return undefined;
}

/** All seats of a task. */
export const querySeatsOf = async (chain: Chain, id: bigint): Promise<readonly Seat[]> => (await queryTask(chain, id)).seats;

/** Whether anything more can happen in a task. */
export const isOver = (t: Task): boolean => t.phase === Phase.PHASE_CLOSED;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Calls `each` once a block with the views of the worker's tasks at that block, in order, never two at once. An unreachable
 * node is waited for. Tasks for which `done` holds are not asked for any more; `held` names them as long as seats are locked.
 */
export async function watchTasks(
  chain: Chain,
  worker: string,
  options: { signal: AbortSignal; log: Logger; done(view: TaskView): boolean; each(header: BlockHeader, views: ReadonlyMap<bigint, TaskView>, held: ReadonlySet<bigint>): Promise<void> },
): Promise<void> {
  const finished = new Set<bigint>();
  for await (const header of chain.blocks(options.signal)) {
    for (let tries = 0; !options.signal.aborted; tries++) {
      try {
        const ids = new Set((await seatsAt(chain, worker, header.height, options.signal)).map((s) => s.taskId));
        const views = new Map<bigint, TaskView>();
        for (const id of ids) {
          if (finished.has(id)) continue;
          const view = await at(chain, id, header.height);
          views.set(id, view);
          if (options.done(view)) finished.add(id);
        }
        await options.each(header, views, ids);
        break;
      } catch (e) {
        if (options.signal.aborted) return;
        if (tries >= 5) {
          options.log.warn("cannot read the tasks of a block, going on with the next", { height: header.height, error: e as Error });
          break;
        }
        await sleep(200 * (tries + 1));
      }
    }
  }
}

/** How often a block that the node has, and has not executed yet, is asked for, and how long that is apart, ms. */
const EXECUTED_TRIES = 100;
const EXECUTED_AGAIN = 20;

/** The state at a block, or the newest where that block's is pruned. A block is told of before it is executed: see `executed`. */
async function at(chain: Chain, id: bigint, height: bigint): Promise<TaskView> {
  try {
    return await queryTask(chain, id, height);
  } catch (e) {
    if (!(e instanceof ChainError)) throw e;
    const newest = await queryTask(chain, id);
    if (newest.height < height) throw e;
    return newest;
  }
}

/** The worker's seats, once the node has executed a block: a node tells of it before that. Of an older state where it does not come. */
async function seatsAt(chain: Chain, worker: string, height: bigint, signal: AbortSignal): Promise<Seat[]> {
  for (let tries = 0; ; tries++) {
    const { value, height: executed } = await chain.query(MatchingQuery.methods.seats, { worker });
    if (executed >= height || tries >= EXECUTED_TRIES || signal.aborted) return value.seats;
    await sleep(EXECUTED_AGAIN);
  }
}
