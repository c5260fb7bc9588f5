/** The five cheating miners, each with what the protocol (sections 4, 10, 12, 14) takes from its seat. */
import { type ExecutionContext } from "ava";
import { Outcome, Role, SlotStatus, VerdictCode } from "#proto/gen/pouw.js";
import { Course } from "./course.js";
import { testNetwork } from "./network.js";

export interface Cheat {
  readonly fault: string;
  /** of its seat, in ppm */
  readonly slash: bigint;
  readonly status: SlotStatus;
  readonly code: VerdictCode;
  /** whether it shares in the fee nevertheless: closed late loses only the slash */
  readonly paid: boolean;
}

export const CHEATS: readonly Cheat[] = [
  { fault: "alter-map", slash: 1_000_000n, status: SlotStatus.SLOT_CLOSED_FAULT, code: VerdictCode.VERDICT_INVALID, paid: false },
  { fault: "claim-unrun", slash: 1_000_000n, status: SlotStatus.SLOT_CLOSED_FAULT, code: VerdictCode.VERDICT_INVALID, paid: false },
  { fault: "equivocate", slash: 1_000_000n, status: SlotStatus.SLOT_CLOSED_FAULT, code: VerdictCode.VERDICT_UNSPECIFIED, paid: false },
  { fault: "withhold-residual", slash: 500_000n, status: SlotStatus.SLOT_CLOSED_FAULT, code: VerdictCode.VERDICT_NO_RESIDUAL, paid: false },
  { fault: "break-lag", slash: 50_000n, status: SlotStatus.SLOT_CLOSED_LATE, code: VerdictCode.VERDICT_UNSPECIFIED, paid: true },
];

/** Every slot's seat is audited often enough that a cheat cannot slip through by luck; the waits are shorter than a real chain's. */
export const PARAMS = { audit_ppm: "60000", stall_blocks: "15", evidence_timeout: "10", claim_window: "10", seat_unlock_blocks: "10" };

/**
 * An equivocating miner shows the other side of a fork to the two of five supervisors that an honest miner reads from, and
 * the chain anchors the side of the other three. Every iteration is audited: the victim's audits come out VOID, its stake stays whole, and it is paid.
 */
export async function forkVictimKeepsItsStake(t: ExecutionContext): Promise<void> {
  const network = await testNetwork(
    { validators: 4, miners: 3, supervisors: 5, evaluators: 3, maxSeats: 1, blockTime: 500, params: { ...PARAMS, audit_ppm: "1000000" } },
    { "miner0.POUWD_TEST_BUILD": "1", "miner0.POUWD_FAULT": "equivocate" },
  );
  try {
    const course = await Course.begin(network, { epochs: 3, lag: 2, supervisors: 5 });
    const { result, lost, paidMiners, supply } = await course.end();
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, { miner0: result.task?.seatStakes[Role.ROLE_MINER - 1] ?? 0n }, "only the equivocating miner loses");
    t.true((result.totals?.verdictsVoid ?? 0n) > 0n, "an honest miner had seen the other fork");
    t.is(result.totals?.verdictsInvalid, 0n, "and none of its iterations is called invalid");
    t.is(result.totals?.verdictsNoResidual, 0n);
    t.deepEqual(paidMiners, ["miner1", "miner2"]);
    t.is(supply.after, supply.expected);
  } finally {
    await network.down();
  }
}

/** One cheat beside two honest miners: found, slashed by the right amount; the task is paid out and nobody else loses a unit. */
export async function caught(t: ExecutionContext, cheat: Cheat): Promise<void> {
  const network = await testNetwork(
    { validators: 4, miners: 3, supervisors: 3, evaluators: 3, maxSeats: 1, blockTime: 500, params: PARAMS },
    { "miner0.POUWD_TEST_BUILD": "1", "miner0.POUWD_FAULT": cheat.fault },
  );
  try {
    const course = await Course.begin(network, { epochs: 12 });
    const { result, lost, paidMiners, supply, appHashes } = await course.end();
    const seatStake = result.task?.seatStakes[Role.ROLE_MINER - 1] ?? 0n;
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, { miner0: (seatStake * cheat.slash) / 1_000_000n }, "only the cheat loses, and the right amount");
    const { seats } = await course.state();
    const index = seats.find((s) => s.role === Role.ROLE_MINER && course.nameOf(s.worker) === "miner0")?.index;
    const slot = result.slots.find((s) => s.slot === index);
    t.is(slot?.status, cheat.status);
    t.is(slot?.fault, cheat.code);
    for (const s of result.slots) if (s !== slot) t.is(s.finalSeq, s.positions, `slot ${s.slot} did all its positions`);
    t.deepEqual(paidMiners, cheat.paid ? ["miner0", "miner1", "miner2"] : ["miner1", "miner2"]);
    t.is(supply.after, supply.expected);
    t.is(new Set(appHashes).size, 1, "the validators agree");
  } finally {
    await network.down();
  }
}
