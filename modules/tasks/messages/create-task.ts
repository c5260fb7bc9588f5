/**
 * CreateTask: the specification is checked in full, fee and bond are taken, a part of the fee is burned.
 *
 * Rounding: the bond's minimum and every seat's stake are rounded up, what is burned is rounded down.
 */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { MsgCreateTask, MsgCreateTaskResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { type Params, Phase, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { ppmOf } from "#protocol/tasks/payout.js";
import type { SpecParams } from "#protocol/tasks/task-spec.js";
import { tasksErrors } from "../errors.js";
import { tasksEvents } from "../events.js";
import { topologyGas } from "../gas.js";
import { putTask } from "../keeper.js";
import { params } from "../params.js";
import { type Accepted, accept } from "../spec.js";
import { nextId } from "../store.js";
import { termsNow } from "../terms.js";
import type { Spec, Task, TasksPorts, WholeTask } from "../types.js";

const MILLION = 1_000_000n;
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

export const createTask =
  (ports: TasksPorts) =>
  (ctx: Context, m: MsgCreateTask): MsgCreateTaskResponse => {
    const p = params.get(ctx);
    ctx.gas.consume(topologyGas(m.spec?.topology ?? ""), "topology");
    const { spec, memory, parameters, flop } = acceptFor(m.spec, { ...p, verdictWindow: ports.work.params(ctx).verdictWindow });
    const { bondDenom: denom } = ports.staking.params(ctx);
    const amount = (what: string, c: MsgCreateTask["fee"]): bigint => {
      if (!c || c.denom !== denom) throw tasksErrors.wrongDenom(`${what}: got ${c?.denom.slice(0, 64) ?? "nothing"}, want ${denom}`);
      if (!/^[0-9]{1,19}$/.test(c.amount)) throw sdk.invalidCoins(`${what}: ${c.amount.slice(0, 64)}`);
      return BigInt(c.amount);
    };
    const fee = amount("fee", m.fee);
    if (fee < p.minTaskFee) throw tasksErrors.feeTooSmall(`got ${fee}${denom}, want at least ${p.minTaskFee}${denom}`);
    const bond = amount("bond", m.bond);
    const least = ceilDiv(fee * BigInt(p.clientBond), MILLION);
    if (bond < least) throw tasksErrors.bondTooSmall(`got ${bond}${denom}, want at least ${least}${denom}`);

    ports.bank.toPool(ctx, m.client, "tasks", fee + bond);
    const burned = ppmOf(fee, p.burnShare);
    ports.bank.burn(ctx, "tasks", burned);
    const id = nextId.get(ctx) ?? 1n;
    nextId.set(ctx, id + 1n);
    const { height } = ctx.block;
    const t: WholeTask = {
      id,
      client: m.client,
      spec,
      fee,
      bond,
      burned,
      phase: Phase.PHASE_REGISTRATION,
      phaseHeight: height,
      deadline: height + p.registrationBlocks,
      createdHeight: height,
      parameters,
      flop,
      redraws: 0,
      slashedToPot: 0n,
      slashedBurned: 0n,
      minted: 0n,
      mintCap: burned,
      rankedByWork: false,
      seatStakes: seatStakes(spec, fee, p, ports.workers.params(ctx).minSeatStake),
      terms: termsNow(ports, ctx, p),
    };
    putTask(ctx, t, memory);
    ctx.emit(tasksEvents.created({ task: id, client: m.client, fee, bond, burned, flop, parameters }));
    return { id };
  };

function acceptFor(given: TaskSpec | undefined, p: SpecParams): Accepted {
  if (!given) throw tasksErrors.badSpec("spec is missing");
  try {
    return accept(given, p);
  } catch (e) {
    if (e instanceof Error && e.name === "SpecError") throw tasksErrors.badSpec(e.message);
    throw e;
  }
}

/** "The seat's equal part of the fee": the role's part of the fee by the role's seats, and at least the minimum. */
function seatStakes(spec: Spec, fee: bigint, p: Params, least: bigint): Task["seatStakes"] {
  const one = (share: number, seats: number): bigint => {
    const part = ceilDiv(fee * BigInt(share), MILLION * BigInt(seats));
    return part > least ? part : least;
  };
  return { miner: one(p.minersShare, spec.slots), supervisor: one(p.supervisorsShare, spec.supervisors), evaluator: one(p.evaluatorsShare, spec.evaluators) };
}
