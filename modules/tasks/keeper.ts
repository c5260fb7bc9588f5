/**
 * The only writer of tasks, and of the pool "tasks".
 *
 * Invariants kept here: the pool holds exactly, of every open task, its fee less what was burned, its bond, and what slashes
 * brought into its pot; the index of open tasks has every task that is not closed, and no other.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { tasksErrors } from "./errors.js";
import { tasksEvents } from "./events.js";
import { params } from "./params.js";
import { memories, openIds, tasks, topologies, unlocks } from "./store.js";
import type { OpenPhase, Task, TaskOutcome, TasksKeeper, TasksPorts, WholeTask } from "./types.js";
import { wireTask } from "./wire.js";

type Ports = Pick<TasksPorts, "bank">;

export function mustTask(view: View, id: bigint): Task {
  const t = tasks.get(view, id);
  if (!t) throw tasksErrors.unknown(`task ${id}`);
  return t;
}

/** The task with its topology. */
export function wholeTask(view: View, t: Task): WholeTask {
  const topology = topologies.get(view, t.id);
  if (topology === undefined) throw new Error(`tasks: task ${t.id} has no topology`);
  return { ...t, spec: { ...t.spec, topology } };
}

/** A task that comes into the store, and what is derived of it. */
export function putTask(ctx: Context, { spec: { topology, ...spec }, ...t }: WholeTask, memory: bigint): void {
  tasks.set(ctx, { ...t, spec }, t.id);
  topologies.set(ctx, topology, t.id);
  memories.set(ctx, memory, t.id);
  if (t.phase !== Phase.PHASE_CLOSED) openIds.add(ctx, t.id);
}

/** Writes what changes of the task as it now stands. Closing is `closeTask`'s. */
export function changeTask(ctx: Context, id: bigint, change: Omit<Partial<Task>, "id" | "phase" | "outcome" | "closedHeight"> & { readonly phase?: OpenPhase }): Task {
  const next = { ...mustTask(ctx, id), ...change };
  tasks.set(ctx, next, id);
  return next;
}

/** Whoever did paid work stays slashable for a while; all others are free in this block. */
function closeTask(ctx: Context, t: Task, outcome: TaskOutcome): void {
  const { height } = ctx.block;
  tasks.set(ctx, { ...t, phase: Phase.PHASE_CLOSED, phaseHeight: height, closedHeight: height, deadline: undefined, outcome }, t.id);
  openIds.delete(ctx, t.id);
  unlocks.add(ctx, outcome === Outcome.OUTCOME_PAID ? height + t.terms.seatUnlockBlocks : height, t.id);
}

/** Ends a task without a Payout: what is left of the fee and the bond return. */
export function refundTask(ports: Ports, ctx: Context, id: bigint, outcome: TaskOutcome, paidAlready = 0n): void {
  const t = mustTask(ctx, id);
  const left = t.fee - t.burned - paidAlready;
  // Slashed money never goes to the client.
  if (t.slashedToPot > 0n) ports.bank.burn(ctx, "tasks", t.slashedToPot);
  if (left + t.bond > 0n) ports.bank.fromPool(ctx, "tasks", t.client, left + t.bond);
  closeTask(ctx, { ...t, slashedToPot: 0n, slashedBurned: t.slashedBurned + t.slashedToPot }, outcome);
  ctx.emit(tasksEvents.ended({ task: id, outcome, refund: left, bond: t.bond }));
}

/** Gives back the seats whose time has come. */
export function unlockSeats(ports: Pick<TasksPorts, "matching">, ctx: Context): void {
  for (const [height, id] of unlocks.keys(ctx, { below: [ctx.block.height + 1n] })) {
    unlocks.delete(ctx, height, id);
    for (const seat of ports.matching.seats(ctx, id)) ports.matching.unlock(ctx, seat);
    ctx.emit(tasksEvents.seatsUnlocked({ task: id }));
  }
}

export function tasksKeeper(ports: Pick<TasksPorts, "bank" | "distribution">): TasksKeeper {
  const whole = (view: View, id: bigint): WholeTask | undefined => {
    const t = tasks.get(view, id);
    return t && wholeTask(view, t);
  };
  return {
    params: params.get,
    get: (view, id) => tasks.get(view, id),
    must: mustTask,
    whole,
    wire(view, id) {
      const t = whole(view, id);
      return t && wireTask(t);
    },
    unlocking: (view) => new Set(unlocks.keys(view).map(([, id]) => id)),
    open: (view) => openIds.keys(view).map(([id]) => mustTask(view, id)),
    memory(view, id) {
      const bytes = memories.get(view, id);
      if (bytes === undefined) throw tasksErrors.unknown(`task ${id}`);
      return bytes;
    },
    noteAdvance(ctx, id) {
      if (mustTask(ctx, id).lastAdvance !== ctx.block.height) changeTask(ctx, id, { lastAdvance: ctx.block.height });
    },
    noteMinted: (ctx, id, amount) => void changeTask(ctx, id, { minted: mustTask(ctx, id).minted + amount }),
    addSlashed(ctx, id, amount, bounty) {
      const t = mustTask(ctx, id);
      const rest = amount - (bounty?.amount ?? 0n);
      if (bounty) ports.bank.fromPool(ctx, "tasks", bounty.to, bounty.amount);
      const pot = t.phase === Phase.PHASE_CLOSED ? 0n : rest / 2n;
      const burned = rest - pot;
      ports.bank.burn(ctx, "tasks", burned);
      changeTask(ctx, id, { slashedToPot: t.slashedToPot + pot, slashedBurned: t.slashedBurned + burned });
      return { burned, pot, bounty: bounty?.amount ?? 0n };
    },
    endWithoutSupervisors: (ctx, id) => refundTask(ports, ctx, id, Outcome.OUTCOME_NO_SUPERVISORS),
    close(ctx, id, { payments, burned, refunds, rankedByWork, best }) {
      const t = mustTask(ctx, id);
      for (const { to, amount, validator } of payments) {
        if (validator) ports.distribution.pay(ctx, ports.bank, "tasks", to, amount);
        else ports.bank.fromPool(ctx, "tasks", to, amount);
      }
      ports.bank.burn(ctx, "tasks", burned);
      for (const amount of refunds) ports.bank.fromPool(ctx, "tasks", t.client, amount);
      closeTask(ctx, { ...t, rankedByWork, best, slashedBurned: t.slashedBurned + burned }, Outcome.OUTCOME_PAID);
    },
  };
}
