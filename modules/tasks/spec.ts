/** From what a client asks for to the specification of an accepted task: the protocol's checks, and what follows from it. */
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { taskMemoryBytes } from "#protocol/tasks/engine-options.js";
import { acceptSpec, SpecError, type SpecParams } from "#protocol/tasks/task-spec.js";
import type { WholeTask } from "./types.js";

export interface Accepted {
  /** with every default filled in */
  readonly spec: WholeTask["spec"];
  /** n, and F of an iteration */
  readonly parameters: bigint;
  readonly flop: bigint;
  /** bytes that an engine of the task takes */
  readonly memory: bigint;
}

/** Throws SpecError, whose message begins with the field. */
export function accept(given: TaskSpec, params: SpecParams): Accepted {
  const { spec, plan, flop } = acceptSpec(given, params);
  const { testSet } = spec;
  if (!testSet) throw new SpecError("test_set", "is missing");
  return { spec: { ...spec, testSet }, parameters: BigInt(plan.parameters), flop, memory: taskMemoryBytes(spec, plan) };
}
