/** CancelTask: a client ends its task before it trains, and pays those who joined for their trouble. */
import type { Context } from "#kernel/context.js";
import type { MsgCancelTask, MsgCancelTaskResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { ppmOf } from "#protocol/tasks/payout.js";
import { tasksErrors } from "../errors.js";
import { tasksEvents } from "../events.js";
import { mustTask, refundTask } from "../keeper.js";
import type { TasksPorts } from "../types.js";

const ONE_PERCENT = 10_000n;

export const cancelTask =
  (ports: TasksPorts) =>
  (ctx: Context, m: MsgCancelTask): MsgCancelTaskResponse => {
    const t = mustTask(ctx, m.taskId);
    if (t.client !== m.client) throw tasksErrors.notClient(`task ${t.id} is of ${t.client}`);
    if (t.phase !== Phase.PHASE_REGISTRATION && t.phase !== Phase.PHASE_INITIALISATION) throw tasksErrors.trainsAlready(`task ${t.id}`);
    // 1 % of the fee to each who joined, at most half of it, and never more than the burn left of it
    const joined = [...new Set(ports.matching.seats(ctx, t.id).filter((s) => s.joined).map((s) => s.worker))];
    const count = BigInt(joined.length);
    const percent = ppmOf(t.fee, ONE_PERCENT);
    const most = t.fee / 2n < t.fee - t.burned ? t.fee / 2n : t.fee - t.burned;
    const each = count > 0n && percent * count > most ? most / count : percent;
    for (const worker of joined) ports.bank.fromPool(ctx, "tasks", worker, each);
    refundTask(ports, ctx, t.id, Outcome.OUTCOME_CANCELLED, each * count);
    ctx.emit(tasksEvents.cancelled({ task: t.id, joined: joined.length, each }));
    return {};
  };
