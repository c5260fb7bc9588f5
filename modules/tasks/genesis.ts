/**
 * The tasks in genesis and in an export: every record with its topology, what the next id is, and which seats are still
 * locked. The index of open tasks and what an engine takes follow from the records.
 */
import { defineGenesis, inside, within } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/pouw/tasks/v1/genesis.js";
import { Phase, type Task as WireTask } from "#proto/gen/pouw/tasks/v1/types.js";
import { ANY_CHAIN } from "#protocol/tasks/task-spec.js";
import { courseFault } from "./course.js";
import { putTask, wholeTask } from "./keeper.js";
import { params } from "./params.js";
import { accept } from "./spec.js";
import { nextId, tasks, unlocks } from "./store.js";
import { termsFault } from "./terms.js";
import type { Task, WholeTask } from "./types.js";
import { parseTask, wireTask } from "./wire.js";

export const tasksGenesis = defineGenesis("tasks", {
  codec: GenesisState,
  params,
  init(ctx, state, at) {
    const next = state.nextId || 1n;
    nextId.set(ctx, next);
    state.tasks.forEach((w, i) => {
      inside(`${at}.tasks[${i}]`, () => {
        within("client", () => ctx.addresses.parse(w.client));
        const { task, memory } = taskOf(w);
        if (task.id < 1n || task.id >= next) throw new Error(`id: got ${task.id}, want 1 to below next_id, which is ${next}`);
        if (tasks.has(ctx, task.id)) throw new Error(`id: task ${task.id} is there already`);
        putTask(ctx, task, memory);
      });
    });
    const locked = new Set<bigint>();
    state.seatUnlocks.forEach(({ height, taskId }, i) => {
      inside(`${at}.seat_unlocks[${i}]`, () => {
        if (tasks.get(ctx, taskId)?.phase !== Phase.PHASE_CLOSED) throw new Error(`task_id: there is no closed task ${taskId}`);
        if (locked.has(taskId)) throw new Error(`task_id: the seats of task ${taskId} unlock already`);
        locked.add(taskId);
        unlocks.add(ctx, height, taskId);
      });
    });
  },
  export: (ctx) => ({
    nextId: nextId.get(ctx) ?? 1n,
    tasks: tasks.list(ctx).map((t) => wireTask(wholeTask(ctx, t))),
    seatUnlocks: unlocks.keys(ctx).map(([height, taskId]) => ({ height, taskId })),
  }),
});

/** The task of a record, which is one that this module could have written: by any parameters, since it may be older than those of today. Throws one line that begins with the field. */
function taskOf(w: WireTask): { task: WholeTask; memory: bigint } {
  const parsed: Task = parseTask(w);
  const { spec, parameters, flop, memory } = inside("spec", () => accept(w.spec as NonNullable<WireTask["spec"]>, ANY_CHAIN));
  if (parsed.parameters !== parameters) throw new Error(`parameters: got ${parsed.parameters}, the topology has ${parameters}`);
  if (parsed.flop !== flop) throw new Error(`flop: got ${parsed.flop}, an iteration takes ${flop}`);
  const fault = courseFault(parsed);
  if (fault) throw new Error(fault);
  // A task without any has those of this genesis, once all of it is read.
  const unfit = w.terms && termsFault(w.terms);
  if (unfit) throw new Error(`terms.${unfit}`);
  return { task: { ...parsed, spec }, memory };
}
