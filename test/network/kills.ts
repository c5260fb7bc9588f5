/** Processes that die by SIGKILL while a task is trained: what comes back goes on, what does not is closed late. */
import { type ExecutionContext } from "ava";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Outcome } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { ask } from "#testnet/control.js";
import { sleep, until } from "#testnet/rpc.js";
import { Course } from "./course.js";
import { type TestNetwork, testNetwork } from "./network.js";
import { Transfers } from "./transfers.js";

/** One process of each kind: `validator1.node` is the application, `validator2.engine` CometBFT. */
export const KILLS = ["validator1.node", "validator2.engine", "validator3.verifier", "supervisor1", "miner1"] as const;

async function pidOf(network: TestNetwork, name: string): Promise<number | undefined> {
  const answer = await ask(network.dir, { command: "status" });
  return answer?.ok ? answer.processes.find((p) => p.name === name)?.pid : undefined;
}

/** SIGKILL, then seen gone; the keeper starts a validator's process again by itself, a worker's is started here. */
export async function killAndRestart(network: TestNetwork, name: string): Promise<void> {
  const pid = await until(`${name} to be running`, 90_000, () => pidOf(network, name)); // its unit waits longer the oftener it died
  process.kill(pid, "SIGKILL");
  await until(`${name} to be gone`, 10_000, async () => ((await pidOf(network, name)) === pid ? undefined : true), 50);
  if (!name.startsWith("validator")) await ask(network.dir, { command: "start", name });
  await until(`${name} to be back`, 30_000, async () => {
    const now = await pidOf(network, name);
    return now && now !== pid ? true : undefined;
  });
}

/** One of each kind is killed during training and comes back: the task finishes, nothing is lost, nobody is slashed. */
export async function survives(t: ExecutionContext, names: readonly string[]): Promise<void> {
  const network = await testNetwork({ maxSeats: 1, blockTime: 500, params: { tasks: { seat_unlock_blocks: "10" } } });
  try {
    const course = await Course.begin(network, { epochs: 60 });
    const transfers = new Transfers(network);
    await course.training(60n);
    for (const name of names) {
      const { slots } = await course.state();
      t.true(slots.some((s) => (s.head?.seq ?? 0n) < s.positions), `training goes on when ${name} is killed`);
      await killAndRestart(network, name);
      await sleep(1500);
    }
    const { result, lost, paidMiners, supply, appHashes } = await course.end();
    const { committed, missing, short } = await transfers.audit();
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, {}, "nobody is slashed");
    t.deepEqual(paidMiners, ["miner0", "miner1", "miner2"]);
    for (const s of result.slots) t.is(s.finalSeq, s.positions, `slot ${s.slot} did all its positions`);
    t.is(supply.after, supply.expected);
    t.is(new Set(appHashes).size, 1, "the validators agree");
    t.true(committed > 5, `${committed} transfers were committed meanwhile`);
    t.deepEqual({ missing, short }, { missing: [], short: 0n }, "no committed transaction is lost");
  } finally {
    await network.down();
  }
}

/** A miner dies and stays away: its slot is closed late, the others finish and lose nothing. */
export async function goesOnWithout(t: ExecutionContext): Promise<void> {
  const network = await testNetwork({ maxSeats: 1, blockTime: 500, params: { supervision: { stall_blocks: "30" }, tasks: { seat_unlock_blocks: "10" } } });
  try {
    const course = await Course.begin(network, { epochs: 20 });
    await course.training(60n);
    process.kill((await pidOf(network, "miner0")) as number, "SIGKILL");
    const { result, lost, paidMiners, supply, appHashes } = await course.end();
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    const seatStake = result.task?.seatStakes[Role.ROLE_MINER - 1] ?? 0n;
    const stall = (seatStake * 50_000n) / 1_000_000n;
    const residual = seatStake / 2n;
    const late = result.slots.filter((s) => s.lateHeight !== undefined);
    t.is(late.length, 1, "its slot is closed late");
    // Nobody serves its residuals any more: an audit that was still to come closes the slot for that besides.
    const expected = late[0]?.status === SlotStatus.SLOT_CLOSED_LATE ? stall : stall + residual;
    t.deepEqual(lost, { miner0: expected }, "who stayed away loses what it must, nobody else anything");
    for (const s of result.slots) if (s.status === SlotStatus.SLOT_OPEN) t.is(s.finalSeq, s.positions);
    t.true(paidMiners.includes("miner1") && paidMiners.includes("miner2"));
    t.is(supply.after, supply.expected);
    t.is(new Set(appHashes).size, 1, "the validators agree");
  } finally {
    await network.down();
  }
}
