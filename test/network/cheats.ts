/** The five cheating miners, each with what the protocol (sections 4, 10, 12, 14) takes from its seat. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExecutionContext } from "ava";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Outcome } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { mergeParams } from "#testnet/plan.js";
import { Course } from "./course.js";
import { testNetwork } from "./network.js";
import { replayFolder, tracing } from "./traces.js";

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
export const PARAMS = {
  supervision: { stall_blocks: "40" },
  tasks: { seat_unlock_blocks: "10" },
  work: { audit_ppm: "60000", claim_window: "10" },
};

/**
 * An equivocating miner shows the other side of a fork to the two of nine supervisors that an honest miner reads from, and
 * the chain anchors the side of the others: nine, because on a busy machine one or two of them hear of the fork from those
 * two before they hear from the miner. Every iteration is audited: the victim's audits come out VOID, its stake stays whole, and it is paid.
 */
export async function forkVictimKeepsItsStake(t: ExecutionContext): Promise<void> {
  for (let attempt = 1; attempt <= FORKS; attempt++) {
    const voids = await fork(t);
    t.log(`fork ${attempt}: ${voids} verdicts VOID`);
    if (voids > 0n) return;
  }
  t.fail(`in none of ${FORKS} forks an honest miner worked on the side that was not anchored`);
}

/** Which side wins at whom is a race of messages; one fork in some has a victim, and in every one nobody honest loses. */
const FORKS = 5;

async function fork(t: ExecutionContext): Promise<bigint> {
  const network = await testNetwork(
    { validators: 4, miners: 3, supervisors: 9, evaluators: 3, maxSeats: 1, blockTime: 500, params: mergeParams(PARAMS, { work: { audit_ppm: "1000000" } }) },
    { "miner0.POUWD_TEST_BUILD": "1", "miner0.POUWD_FAULT": "equivocate" },
  );
  try {
    const course = await Course.begin(network, { epochs: 3, lag: 2, supervisors: 9 });
    const { result, lost, paidMiners, supply } = await course.end();
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, { miner0: result.task?.seatStakes[Role.ROLE_MINER - 1] ?? 0n }, "only the equivocating miner loses");
    t.is(result.totals?.verdictsInvalid, 0n, "none of an honest miner's iterations is called invalid");
    t.is(result.totals?.verdictsNoResidual, 0n);
    t.deepEqual(paidMiners, ["miner1", "miner2"]);
    t.is(supply.after, supply.expected);
    return result.totals?.verdictsVoid ?? 0n;
  } finally {
    await network.down();
  }
}

/** Cheats beside two honest miners: each found, slashed by the right amount; the task is paid out and nobody else loses a unit. */
export async function caught(t: ExecutionContext, cheats: readonly Cheat[]): Promise<void> {
  const miners = cheats.length + 2;
  const env = Object.fromEntries(cheats.flatMap(({ fault }, i) => [[`miner${i}.POUWD_TEST_BUILD`, "1"], [`miner${i}.POUWD_FAULT`, fault]]));
  const traces = mkdtempSync(join(tmpdir(), "pouwd-traces-"));
  const traced = [...Array.from({ length: miners }, (_, i) => `miner${i}`), "supervisor0", "supervisor1", "supervisor2"];
  const network = await testNetwork({ validators: 4, miners, supervisors: 3, evaluators: 3, maxSeats: 1, blockTime: 500, params: PARAMS }, { ...env, ...tracing(traces, traced) });
  try {
    const course = await Course.begin(network, { epochs: 4 * miners, slots: miners });
    const { result, lost, paidMiners, supply, appHashes } = await course.end();
    const seatStake = result.task?.seatStakes[Role.ROLE_MINER - 1] ?? 0n;
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, Object.fromEntries(cheats.map(({ slash }, i) => [`miner${i}`, (seatStake * slash) / 1_000_000n])), "only cheats lose, and the right amounts");
    const { seats } = await course.state();
    const nameOf = (index: number) => course.nameOf(seats.find((s) => s.role === Role.ROLE_MINER && s.index === index)?.worker ?? "");
    for (const slot of result.slots) {
      const cheat = cheats.find((_, i) => nameOf(slot.slot) === `miner${i}`);
      t.is(slot.status, cheat?.status ?? SlotStatus.SLOT_OPEN, cheat?.fault);
      t.is(slot.fault, cheat?.code ?? VerdictCode.VERDICT_UNSPECIFIED, cheat?.fault);
      if (!cheat) t.is(slot.finalSeq, slot.positions, `slot ${slot.slot} did all its positions`);
    }
    const paid = Array.from({ length: miners }, (_, i) => `miner${i}`).filter((_, i) => cheats[i]?.paid ?? true);
    t.deepEqual(paidMiners, paid);
    t.is(supply.after, supply.expected);
    t.is(new Set(appHashes).size, 1, "the validators agree");
  } finally {
    await network.down();
  }
  const replayed = replayFolder(traces);
  t.is(replayed.length, traced.length, "every machine wrote what it did");
  for (const r of replayed) t.true(r.steps > 100 && r.effects > 100, r.file);
  t.log(`${replayed.reduce((n, r) => n + r.steps, 0)} steps of ${replayed.length} machines replayed with the same effects`);
  rmSync(traces, { recursive: true });
}
