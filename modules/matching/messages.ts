/** Messages of `matching`. The ante handler has authenticated `worker`. */
import { updateParams } from "#kernel/authority.js";
import { equalBytes } from "#kernel/bytes.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { MatchingMsg } from "#proto/gen/pouw/matching/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { matchingErrors } from "./errors.js";
import { matchingEvents } from "./events.js";
import type { MatchingWriter } from "./keeper.js";
import { params } from "./params.js";
import { type MatchingPorts, parseJoinTask } from "./types.js";

export const matchingMessages = (ports: MatchingPorts, keeper: MatchingWriter): MsgHandlers<typeof MatchingMsg> => ({
  joinTask(ctx, wire) {
    const { taskId, worker } = wire;
    const task = ports.tasks.get(ctx, taskId);
    if (!task) throw matchingErrors.unknownTask(`task ${taskId}`);
    const own = keeper.byWorker(ctx, taskId, worker);
    if (own.length === 0) throw matchingErrors.notDrawn(`${worker} has no seat in task ${taskId}`);
    if (task.phase === Phase.PHASE_CLOSED) throw matchingErrors.wrongPhase(`task ${taskId} is closed`);
    const as = parseJoinTask(wire);
    const fixed = task.phase !== Phase.PHASE_REGISTRATION && task.phase !== Phase.PHASE_INITIALISATION;
    for (const s of own) {
      if (fixed && s.sessionKey && !equalBytes(s.sessionKey, as.sessionKey)) throw matchingErrors.keyFixed(`task ${taskId}`);
      keeper.join(ctx, s, as);
    }
    ctx.emit(matchingEvents.joined({ task: taskId, worker, seats: own.length, endpoint: as.endpoint ?? "" }));
    return {};
  },
  updateParams: updateParams(params),
});
