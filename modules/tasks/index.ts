/**
 * `tasks`: what clients ask for, and the course of it.
 *
 * Invariant kept here: the pool "tasks" holds exactly, of every open task, its fee less what was burned, its bond, and
 * what slashes brought into its pot.
 */
import { readU64be, u64be } from "#kernel/bytes.js";
import { event } from "#kernel/context.js";
import { dumpStore, loadStore } from "#kernel/dump.js";
import { sdk } from "#kernel/errors.js";
import { type AppModule, message, query } from "#kernel/module.js";
import {
  MsgCancelTask, MsgCancelTaskResponse, MsgCreateTask, MsgCreateTaskResponse, MsgRevealTestSet, MsgRevealTestSetResponse, Outcome, Phase,
  QueryTaskRequest, QueryTaskResponse, QueryTaskStateRequest, QueryTaskStateResponse, QueryTasksRequest, QueryTasksResponse,
} from "#proto/gen/pouw.js";
import { tasksErrors } from "./errors.js";
import { cancelTask, createTask, revealTestSet } from "./messages.js";
import { advance } from "./phases.js";
import { MARK, memories, openIds, STORE, tasks, unlocks, whole } from "./store.js";
import type { TasksKeeper, TasksPorts } from "./types.js";

export type { TasksKeeper, TasksPorts } from "./types.js";
export { tasksErrors } from "./errors.js";

const MAX_LIST = 200;

export function defineTasks(ports: TasksPorts): { module: AppModule; keeper: TasksKeeper } {
  const keeper: TasksKeeper = {
    whole(ctx, id) {
      const t = tasks.get(ctx, id);
      return t && whole(ctx, t);
    },
    get: (ctx, id) => tasks.get(ctx, id),
    must(ctx, id) {
      const t = tasks.get(ctx, id);
      if (!t) throw tasksErrors.unknown(`task ${id}`);
      return t;
    },
    set(ctx, t) {
      tasks.set(ctx, t, t.id);
      if (t.phase === Phase.PHASE_CLOSED && openIds.has(ctx, t.id)) {
        openIds.delete(ctx, t.id);
        const at = t.outcome === Outcome.OUTCOME_PAID ? ctx.block.height + ports.params.get(ctx).seatUnlockBlocks : ctx.block.height;
        unlocks.set(ctx, MARK, at, t.id);
      }
    },
    open: (ctx) => openIds.entries(ctx).map(([key]) => keeper.must(ctx, readU64be(key))),
    memory: (ctx, id) => memories.get(ctx, id) ?? 0n,
    endWithoutSupervisors: (ctx, t) => keeper.refund(ctx, keeper.must(ctx, t.id), Outcome.OUTCOME_NO_SUPERVISORS),
    refund(ctx, t, outcome, paidAlready = 0n) {
      const left = t.fee - t.burned - paidAlready;
      // Slashed money never goes to the client.
      if (t.slashedToPot > 0n) ports.bank.burn(ctx, "tasks", t.slashedToPot);
      if (left + t.bond > 0n) ports.bank.fromPool(ctx, "tasks", t.client, left + t.bond);
      keeper.set(ctx, { ...t, phase: Phase.PHASE_CLOSED, phaseHeight: ctx.block.height, closedHeight: ctx.block.height, deadline: 0n, outcome, slashedToPot: 0n, slashedBurned: t.slashedBurned + t.slashedToPot });
      ctx.emit(event("task_ended", { task: t.id, outcome, refund: left, bond: t.bond }));
    },
  };

  const module: AppModule = {
    name: "tasks",
    stores: [STORE],
    messages: [
      message("tasks", MsgCreateTask, MsgCreateTaskResponse, createTask(ports)),
      message("tasks", MsgCancelTask, MsgCancelTaskResponse, cancelTask(ports, keeper)),
      message("tasks", MsgRevealTestSet, MsgRevealTestSetResponse, revealTestSet(keeper)),
    ],
    queries: [
      query("/pouw.v1.Query/Task", QueryTaskRequest, QueryTaskResponse, (ctx, q) => {
        const task = keeper.whole(ctx, q.id);
        if (!task) throw sdk.keyNotFound(`rpc error: code = NotFound desc = task ${q.id} not found`);
        return { task };
      }),
      query("/pouw.v1.Query/Tasks", QueryTasksRequest, QueryTasksResponse, (ctx, q) => {
        const limit = q.limit === 0 || q.limit > MAX_LIST ? MAX_LIST : q.limit;
        const all = q.openOnly ? keeper.open(ctx).filter((t) => t.id > q.startAfter) : tasks.list(ctx, undefined, q.client ? undefined : limit, q.startAfter > 0n ? u64be(q.startAfter) : undefined);
        return { tasks: all.filter((t) => !q.client || t.client === q.client).slice(0, limit).map((t) => whole(ctx, t)) };
      }),
      query("/pouw.v1.Query/TaskState", QueryTaskStateRequest, QueryTaskStateResponse, (ctx, q) => {
        const task = keeper.whole(ctx, q.id);
        if (!task) throw sdk.keyNotFound(`rpc error: code = NotFound desc = task ${q.id} not found`);
        const trained = task.startHeight > 0n;
        return {
          task,
          seats: ports.seats.seats(ctx, task.id),
          slots: ports.slots.slots(ctx, task.id),
          height: ctx.block.height,
          timeMs: ctx.block.timeMs,
          lowestAnchoredRound: trained ? ports.slots.lowestAnchoredRound(ctx, task) : -1n,
          submissions: ports.evaluation.submissions(ctx, task.id),
          reveals: ports.evaluation.reveals(ctx, task.id),
          attested: trained ? ports.slots.attested(ctx, task.id) : [],
        };
      }),
    ],
    initGenesis(ctx, genesis) {
      const entries = ((genesis ?? {}) as { entries?: unknown }).entries;
      if (entries !== undefined) loadStore(ctx, STORE, entries);
    },
    exportGenesis: (ctx) => ({ entries: dumpStore(ctx, STORE) }),
    endBlock(ctx) {
      for (const t of keeper.open(ctx)) advance(ports, keeper, ctx, t);
      for (const [key] of unlocks.entries(ctx)) {
        const height = readU64be(key);
        if (height > ctx.block.height) break;
        const id = readU64be(key, 8);
        unlocks.delete(ctx, height, id);
        for (const s of ports.seats.seats(ctx, id)) ports.seats.unlock(ctx, s);
        ctx.emit(event("seats_unlocked", { task: id }));
      }
    },
    invariants: {
      "the pool holds the open tasks' money"(ctx) {
        const all = keeper.open(ctx).reduce((s, t) => s + t.fee - t.burned + t.bond + t.slashedToPot, 0n);
        const pool = ports.bank.poolBalance(ctx, "tasks");
        return pool === all ? undefined : `the pool has ${pool}, open tasks have ${all}`;
      },
    },
  };
  return { module, keeper };
}
