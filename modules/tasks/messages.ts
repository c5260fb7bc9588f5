/** CreateTask, CancelTask, RevealTestSet. The ante handler has authenticated the client. */
import { equalBytes } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type MsgCancelTask, type MsgCancelTaskResponse, type MsgCreateTask, type MsgCreateTaskResponse, type MsgRevealTestSet, type MsgRevealTestSetResponse, Outcome, type Params, Phase, Task, type TaskSpec } from "#proto/gen/pouw.js";
import { taskMemoryBytes } from "#protocol/tasks/engine-options.js";
import { testKeyHash } from "#protocol/hash.js";
import { ppmOf } from "#protocol/tasks/payout.js";
import { acceptSpec, type AcceptedSpec } from "#protocol/tasks/task-spec.js";
import { tasksErrors } from "./errors.js";
import { MARK, memories, nextId, openIds, tasks, topologies } from "./store.js";
import type { TasksKeeper, TasksPorts } from "./types.js";

const MILLION = 1_000_000n;
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

function accept(spec: TaskSpec | undefined, params: Params): AcceptedSpec {
  if (!spec) throw tasksErrors.badSpec("spec is missing");
  try {
    return acceptSpec(spec, params);
  } catch (e) {
    if (e instanceof Error && e.name === "SpecError") throw tasksErrors.badSpec(e.message);
    throw e;
  }
}

/** "The seat's equal part of the fee": the role's part of the fee by the role's seats, rounded up, and at least the minimum. */
function seatStakes(spec: TaskSpec, fee: bigint, p: Params): bigint[] {
  const one = (share: number, seats: number): bigint => {
    const part = ceilDiv(fee * BigInt(share), MILLION * BigInt(seats));
    return part > p.minSeatStake ? part : p.minSeatStake;
  };
  return [one(p.minersShare, spec.slots), one(p.supervisorsShare, spec.supervisors), one(p.evaluatorsShare, spec.evaluators)];
}

export function createTask(ports: TasksPorts) {
  return (ctx: Context, m: MsgCreateTask): MsgCreateTaskResponse => {
    const p = ports.params.get(ctx);
    const { spec, plan, flop } = accept(m.spec, p);
    const amount = (what: string, c: { denom: string; amount: string } | undefined): bigint => {
      if (!c || c.denom !== p.denom) throw tasksErrors.wrongDenom(`${what}: got ${c?.denom.slice(0, 64) ?? "nothing"}, want ${p.denom}`);
      if (!/^[0-9]{1,19}$/.test(c.amount)) throw sdk.invalidCoins(`${what}: ${c.amount.slice(0, 64)}`);
      return BigInt(c.amount);
    };
    const fee = amount("fee", m.fee);
    if (fee < p.minTaskFee) throw tasksErrors.feeTooSmall(`got ${fee}${p.denom}, want at least ${p.minTaskFee}${p.denom}`);
    const bond = amount("bond", m.bond);
    const least = ceilDiv(fee * BigInt(p.clientBond), MILLION);
    if (bond < least) throw tasksErrors.bondTooSmall(`got ${bond}${p.denom}, want at least ${least}${p.denom}`);

    ports.bank.toPool(ctx, m.client, "tasks", fee + bond);
    const burned = ppmOf(fee, p.burnShare);
    ports.bank.burn(ctx, "tasks", burned);
    const id = nextId.get(ctx) ?? 1n;
    nextId.set(ctx, id + 1n);
    const t = Task.create({
      id,
      client: m.client,
      spec,
      fee,
      bond,
      burned,
      phase: Phase.PHASE_REGISTRATION,
      phaseHeight: ctx.block.height,
      deadline: ctx.block.height + p.registrationBlocks,
      createdHeight: ctx.block.height,
      parameters: BigInt(plan.parameters),
      flop,
      mintCap: burned,
      bestSlot: -1n,
      seatStakes: seatStakes(spec, fee, p),
    });
    tasks.set(ctx, { ...t, spec: { ...spec, topology: "" } }, id);
    topologies.set(ctx, spec.topology, id);
    memories.set(ctx, taskMemoryBytes(spec, plan), id);
    openIds.set(ctx, MARK, id);
    ctx.emit(event("task_created", { task: id, client: m.client, fee, bond, burned, flop, parameters: plan.parameters }));
    return { id };
  };
}

export function cancelTask(ports: TasksPorts, keeper: TasksKeeper) {
  return (ctx: Context, m: MsgCancelTask): MsgCancelTaskResponse => {
    const t = keeper.must(ctx, m.taskId);
    if (t.client !== m.client) throw tasksErrors.notClient(`task ${t.id} is of ${t.client}`);
    if (t.phase !== Phase.PHASE_REGISTRATION && t.phase !== Phase.PHASE_INITIALISATION) throw tasksErrors.trainsAlready(`task ${t.id}`);
    // 1 % of the fee to each who joined, at most half of it, and never more than the burn left of it
    const joined = [...new Set(ports.seats.seats(ctx, t.id).filter((s) => s.joined).map((s) => s.worker))];
    const count = BigInt(joined.length);
    const percent = ppmOf(t.fee, 10_000n);
    const most = t.fee / 2n < t.fee - t.burned ? t.fee / 2n : t.fee - t.burned;
    const each = count > 0n && percent * count > most ? most / count : percent;
    for (const worker of joined) ports.bank.fromPool(ctx, "tasks", worker, each);
    keeper.refund(ctx, { ...t, fee: t.fee }, Outcome.OUTCOME_CANCELLED, each * count);
    ctx.emit(event("task_cancelled", { task: t.id, joined: joined.length, each }));
    return {};
  };
}

export function revealTestSet(keeper: TasksKeeper) {
  return (ctx: Context, m: MsgRevealTestSet): MsgRevealTestSetResponse => {
    const t = keeper.must(ctx, m.taskId);
    if (t.client !== m.client) throw tasksErrors.notClient(`task ${t.id} is of ${t.client}`);
    if (t.phase !== Phase.PHASE_EVALUATION) throw tasksErrors.notEvaluation(`task ${t.id}`);
    if (t.testKey.length > 0) throw tasksErrors.revealed(`task ${t.id}`);
    if (m.key.length !== 32 || !equalBytes(testKeyHash(ctx.crypto, m.key), t.spec?.testSet?.keyHash ?? new Uint8Array(0))) throw tasksErrors.wrongKey(`task ${t.id}`);
    keeper.set(ctx, { ...t, testKey: m.key });
    ctx.emit(event("test_set_revealed", { task: t.id }));
    return {};
  };
}
