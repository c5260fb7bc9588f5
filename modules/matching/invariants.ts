/** What must hold of the seats after every block. */
import type { Invariants } from "#kernel/module.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { seatCount } from "./draw.js";
import { held, seats } from "./store.js";
import type { MatchingPorts } from "./types.js";

/** Phases of an open task from Training on. */
const TRAINED: readonly Phase[] = [Phase.PHASE_TRAINING, Phase.PHASE_SUBMISSION, Phase.PHASE_SETTLING, Phase.PHASE_EVALUATION];

export const matchingInvariants = (ports: MatchingPorts): Invariants => ({
  "locked stake is what the seats hold"(ctx) {
    const of = new Map<string, { locked: bigint; seats: number }>();
    for (const s of seats.list(ctx)) {
      if (!s.held) continue;
      const { locked, seats: count } = of.get(s.worker) ?? { locked: 0n, seats: 0 };
      of.set(s.worker, { locked: locked + s.stake - s.slashed, seats: count + 1 });
    }
    for (const w of ports.workers.all(ctx)) {
      const own = of.get(w.address) ?? { locked: 0n, seats: 0 };
      if (w.locked !== own.locked) return `${w.address} has ${w.locked} locked, its seats hold ${own.locked}`;
      if (w.seats !== own.seats) return `${w.address} has taken ${w.seats} seats and holds ${own.seats}`;
      of.delete(w.address);
    }
    for (const address of of.keys()) return `${address} holds seats and is no worker`;
    return undefined;
  },
  "seats are held while their task has not given them back"(ctx) {
    const holding = new Set([...ports.tasks.open(ctx).map((t) => t.id), ...ports.tasks.unlocking(ctx)]);
    const stray = seats.list(ctx).find((s) => s.held !== holding.has(s.taskId));
    return stray && `seat ${stray.index} of role ${stray.role} in task ${stray.taskId} is ${stray.held ? "held, its task has given it back" : "not held, its task has not given it back"}`;
  },
  "a task that trains has all its miners and supervisors"(ctx) {
    for (const t of ports.tasks.open(ctx)) {
      if (!TRAINED.includes(t.phase)) continue;
      for (const role of [Role.ROLE_MINER, Role.ROLE_SUPERVISOR] as const) {
        for (let index = 0; index < seatCount(role, t.spec); index++) if (!seats.has(ctx, t.id, role, index)) return `task ${t.id} has no seat ${index} of role ${role}`;
      }
    }
    return undefined;
  },
  "the index has the seats that workers hold, and no others"(ctx) {
    for (const [worker, task, role, index] of held.keys(ctx)) {
      const s = seats.get(ctx, task, role, index);
      const what = `the index gives ${worker} seat ${index} of role ${role} in task ${task}`;
      if (!s) return `${what}, which has no record`;
      if (!s.held) return `${what}, which was unlocked`;
      if (s.worker !== worker) return `${what}, which is ${s.worker}'s`;
    }
    const missing = seats.list(ctx).find((s) => s.held && !held.has(ctx, s.worker, s.taskId, s.role, s.index));
    return missing && `seat ${missing.index} of role ${missing.role} in task ${missing.taskId} is held and not in the index`;
  },
});
