/** What a verifier knows of a task, from the node that handed over its jobs: once what never changes, by height the rest. */
import { parseTopology } from "#engine/topology/index.js";
import { started, type StartedTask } from "#protocol/tasks/task-view.js";
import { taskMemoryBytes } from "#protocol/tasks/engine-options.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { TaskFacts } from "#proto/gen/pouw/v1/services.js";

export interface Facts {
  readonly chainId: string;
  readonly task: StartedTask;
  /** session keys by slot */
  readonly keys: readonly Uint8Array[];
  /** bytes of an engine */
  readonly memory: number;
  readonly height: bigint;
  readonly endpoints: readonly string[];
  readonly slots: readonly Slot[];
}

/** Throws when they name no task that trains or trained; the chain never sends such. */
export function readFacts(f: TaskFacts, before: Facts | undefined): Facts {
  const { height, endpoints, slots } = f;
  if (!f.task) {
    if (!before) throw new Error(`task ${f.taskId}: facts without the task`);
    return { ...before, height, endpoints, slots };
  }
  const task = started(f.task);
  if (!task) throw new Error(`task ${f.taskId} has not begun to train`);
  const plan = parseTopology(task.spec.topology, { maxParameters: MAX_PARAMETERS });
  const keys = Array.from({ length: task.spec.slots }, (_, slot) => f.sessionKeys[slot] ?? new Uint8Array(0));
  return { chainId: f.chainId, task, keys, memory: Number(taskMemoryBytes(task.spec, plan)), height, endpoints, slots };
}
