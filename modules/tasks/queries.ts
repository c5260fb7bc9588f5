/** What anybody can ask of `tasks`. Every answer has tasks whole, with their topology. */
import { sdk } from "#kernel/errors.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { View } from "#kernel/store.js";
import type { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import type { Task as WireTask } from "#proto/gen/pouw/tasks/v1/types.js";
import { wholeTask } from "./keeper.js";
import { tasks } from "./store.js";
import type { TasksKeeper, TasksPorts } from "./types.js";
import { wireTask } from "./wire.js";

/** of tasks in an answer */
const MAX_LIST = 200;

export function tasksQueries(ports: TasksPorts, keeper: TasksKeeper): QueryHandlers<typeof TasksQuery> {
  const found = (view: View, id: bigint): WireTask => {
    const task = keeper.wire(view, id);
    if (!task) throw sdk.keyNotFound(`task ${id} not found`);
    return task;
  };
  return {
    params: (ctx) => ({ params: keeper.params(ctx) }),
    task: (ctx, { id }) => ({ task: found(ctx, id) }),
    tasks(ctx, { startAfter, limit: wanted, openOnly, client }) {
      const limit = wanted === 0 || wanted > MAX_LIST ? MAX_LIST : wanted;
      // Of one client's tasks nobody knows how many others stand between them.
      const all = openOnly ? keeper.open(ctx).filter((t) => t.id > startAfter) : tasks.list(ctx, { after: [startAfter], limit: client ? undefined : limit });
      const asked = all.filter((t) => !client || t.client === client).slice(0, limit);
      return { tasks: asked.map((t) => wireTask(wholeTask(ctx, t))) };
    },
    taskState(ctx, { id }) {
      const task = found(ctx, id);
      const trained = task.startHeight !== undefined;
      return {
        task,
        seats: ports.matching.wireSeats(ctx, id),
        slots: ports.supervision.wire(ctx, id),
        height: ctx.block.height,
        timeMs: ctx.block.timeMs,
        lowestAnchoredRound: trained ? ports.supervision.lowestAnchoredRound(ctx, id) : undefined,
        submissions: ports.evaluation.submissions(ctx, id),
        reveals: ports.evaluation.reveals(ctx, id),
        attested: trained ? ports.supervision.attested(ctx, id) : [],
      };
    },
  };
}
