/**
 * What `tasks` keeps.
 *
 * Every open task is read several times in every block, so what is large and never changes stands apart from it: records
 * have an empty `spec.topology`, and only `whole` puts it back.
 */
import { key, u64 } from "#kernel/keys.js";
import { defineStore, record, u64Value } from "#kernel/store.js";
import { Task as WireTask, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { parseTask, wireTask } from "./wire.js";

export const store = defineStore("tasks");
export const tasks = store.map(1, "a task by id, without its topology", key(u64), record(WireTask, parseTask, wireTask));
export const nextId = store.item(2, "the id of the next task", u64Value);
export const openIds = store.set(3, "ids of the tasks that are not closed", key(u64));
/** the task's seats stay locked, and slashable, until the end of this block */
export const unlocks = store.set(4, "a closed task whose seats are still locked, by the height that unlocks them and its id", key(u64, u64));
/** as a spec with nothing else in it: text of any length and any characters */
const topology = record(TaskSpec, (spec) => spec.topology, (text: string) => TaskSpec.create({ topology: text }));
export const topologies = store.map(5, "a task's topology, by its id", key(u64), topology);
export const memories = store.map(6, "bytes that an engine of a task takes, by its id", key(u64), u64Value);
/** the prefix of the parameters, which params.ts declares */
export const PARAMS_PREFIX = 7;
