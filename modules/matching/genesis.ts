/** Genesis of `matching`: the seats. Which of them a worker holds follows. The workers' and the tasks' genesis come before. */
import type { Context } from "#kernel/context.js";
import { defineGenesis } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/pouw/matching/v1/genesis.js";
import { seatCount } from "./draw.js";
import type { MatchingWriter } from "./keeper.js";
import { params } from "./params.js";
import { seats as stored } from "./store.js";
import { isEndpoint, type MatchingPorts, parseSeat, type Seat, wireSeat } from "./types.js";

export function matchingGenesis(ports: MatchingPorts, keeper: MatchingWriter) {
  /** One line that begins with the field. */
  function seatFault(ctx: Context, s: Seat, workers: ReadonlySet<string>): string | undefined {
    const task = ports.tasks.get(ctx, s.taskId);
    if (!task) return `task_id: there is no task ${s.taskId}`;
    const count = seatCount(s.role, task.spec);
    if (s.index >= count) return `index: got ${s.index}, want less than the ${count} seats of the role`;
    if (stored.has(ctx, s.taskId, s.role, s.index)) return `index: seat ${s.index} of role ${s.role} in task ${s.taskId} stands there twice`;
    if (!workers.has(s.worker)) return `worker: ${JSON.stringify(s.worker)} is no worker's address`;
    if (s.endpoint !== undefined && !isEndpoint(s.endpoint)) return `endpoint: got ${JSON.stringify(s.endpoint.slice(0, 80))}, want host:port`;
    return undefined;
  }

  return defineGenesis("matching", {
    codec: GenesisState,
    params,
    init(ctx, { seats }, at) {
      const workers = new Set(ports.workers.all(ctx).map((w) => w.address));
      for (const [i, wire] of seats.entries()) {
        let seat: Seat;
        try {
          seat = parseSeat(wire);
        } catch (e) {
          throw new Error(`${at}.seats[${i}].${(e as Error).message}`, { cause: e });
        }
        const fault = seatFault(ctx, seat, workers);
        if (fault) throw new Error(`${at}.seats[${i}].${fault}`);
        keeper.add(ctx, seat);
      }
    },
    export: (ctx) => ({ seats: stored.list(ctx).map(wireSeat) }),
  });
}
