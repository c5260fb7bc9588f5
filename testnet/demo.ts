/** The demo's course: network up, task submitted by the ordinary command line, payout awaited, everything summed up. */
import { join } from "node:path";
import { repositoryRoot } from "#platform/entry.js";
import type { QueryTaskResultResponse } from "#proto/gen/pouw/evaluation/v1/query.js";
import type { SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Chain } from "#client/chain/types.js";
import { type Running, runPouwd } from "./command.js";
import { ask } from "./control.js";
import { rpcOf } from "./facts.js";
import { bringUp } from "./launch.js";
import { DEFAULTS, type NetworkPlan } from "./plan.js";
import { appHashAt, heightOf, until } from "./rpc.js";
import { connect, supplyOf, taskResult, tasks, taskState, workers } from "./state.js";
import { type Summary } from "./summary.js";

export interface DemoOptions {
  readonly dir: string;
  readonly portOffset: number;
  readonly blockTime: number;
  readonly setupSeconds: number;
  readonly keep: boolean;
  /** default examples/digits.yaml */
  readonly taskFile?: string;
  /** default 3 */
  readonly miners?: number;
  readonly say: (line: string) => void;
}

/** One seat each, so that every worker of the demo has its part. Shorter than the chain's default of 200, so that the demo can show every stake released. */
const PARAMS = { tasks: { seat_unlock_blocks: "10" } };
/** The digits take three minutes; LeNet-5 on MNIST with eight miners a quarter of an hour on two cores. */
const PATIENCE_MS = 45 * 60_000;
const TASK_FILE = join(repositoryRoot, "examples", "digits.yaml");

export async function runDemo(o: DemoOptions): Promise<Summary> {
  const started = Date.now();
  const plan = await bringUp({ ...DEFAULTS, dir: o.dir, portOffset: o.portOffset, blockTime: o.blockTime, maxSeats: 1, params: PARAMS, ...(o.miners === undefined ? {} : { miners: o.miners }) }, { say: o.say });
  try {
    const first = plan.validators[0];
    if (!first) throw new Error("the demo needs a validator");
    const rpc = rpcOf(first);
    const chain = await connect(rpc);
    const before = await supplyOf(chain, plan.options.denom);
    const stakes = new Map((await workers(chain)).map((w) => [w.address, w.stake]));
    const submit = runPouwd(o.dir, rpc, "submit", ["task", "submit", o.taskFile ?? TASK_FILE, "--from", "client"]);
    const id = await until("the task to be created", 180_000, async () => {
      if (submit.failed) throw new Error(submit.failed);
      return (await tasks(chain))[0]?.id;
    });
    await follow(chain, id, submit, o.say);
    await until("every stake to be released", PATIENCE_MS, async () => ((await workers(chain)).every((w) => w.locked === 0n) ? true : undefined), 1000);
    const model = join(o.dir, "model");
    await runPouwd(o.dir, rpc, "result", ["task", "result", `${id}`, "--out", model]).done;
    const stakesReleased = (await workers(chain)).every((w) => w.locked === 0n && w.stake === stakes.get(w.address));
    const result = await taskResult(chain, id);
    return await summarise(plan, chain, result, {
      before,
      stakesReleased,
      model,
      setupSeconds: o.setupSeconds,
      seconds: (Date.now() - started) / 1000,
    });
  } finally {
    if (!o.keep) await ask(o.dir, { command: "shutdown" });
  }
}

const PHASES = Object.fromEntries(Object.entries(Phase).map(([name, v]) => [v, name.replace("PHASE_", "").toLowerCase()]));

async function follow(chain: Chain, id: bigint, submit: Running, say: (line: string) => void): Promise<void> {
  let said = "";
  await until(
    "the payout",
    PATIENCE_MS,
    async () => {
      if (submit.failed) throw new Error(submit.failed);
      const { task, slots, height } = await taskState(chain, id);
      if (!task) return undefined;
      const anchored = slots.reduce((n, s) => n + (s.head?.seq ?? 0n), 0n);
      const all = slots.reduce((n, s) => n + s.positions, 0n);
      const line = `block ${height}  ${PHASES[task.phase]}${task.phase === Phase.PHASE_TRAINING ? `  ${anchored} of ${all} iterations anchored` : ""}`;
      if (line !== said) say(line);
      said = line;
      if (task.outcome !== Outcome.OUTCOME_UNSPECIFIED && task.outcome !== Outcome.OUTCOME_PAID) throw new Error(`the task ended without a payout (outcome ${task.outcome})`);
      return task.outcome === Outcome.OUTCOME_PAID ? true : undefined;
    },
    1000,
  );
}

const ROLE_NAMES: Record<number, string> = { [Role.ROLE_MINER]: "miner", [Role.ROLE_SUPERVISOR]: "supervisor", [Role.ROLE_EVALUATOR]: "evaluator" };

async function summarise(
  plan: NetworkPlan,
  chain: Chain,
  r: QueryTaskResultResponse,
  known: { before: bigint; stakesReleased: boolean; model: string; setupSeconds: number; seconds: number },
): Promise<Summary> {
  const { task, totals } = r;
  if (!task || !totals) throw new Error("the chain answered no result");
  if (task.bestSlot === undefined || task.bestScore === undefined) throw new Error("the models were ranked by work: the evaluators gave no scores that stand");
  const height = Math.min(...(await Promise.all(plan.validators.map((v) => heightOf(rpcOf(v))))));
  const byValidator = Object.fromEntries(await Promise.all(plan.validators.map(async (v) => [v.name, await appHashAt(rpcOf(v), height)] as const)));
  const accuracy = (score: bigint) => Number(score) / 1e6;
  const ofBest = (scores: readonly SlotScore[]): number | null => {
    const own = scores.find((s) => s.slot === task.bestSlot);
    return own ? accuracy(own.score) : null;
  };
  return {
    chainId: plan.options.chainId,
    height,
    seconds: known.seconds,
    setupSeconds: known.setupSeconds,
    task: {
      id: Number(task.id),
      accuracy: accuracy(task.bestScore),
      iterations: Number(r.slots.reduce((n, s) => n + (s.finalSeq ?? 0n), 0n)),
      evaluators: r.reveals.map((e) => ({ address: e.evaluator, accuracy: ofBest(e.scores) })),
    },
    claims: { submitted: Number(totals.claimsSubmitted), accepted: Number(totals.claimsAccepted), rejected: Number(totals.claimsRejected) },
    verdicts: {
      valid: Number(totals.verdictsValid),
      invalid: Number(totals.verdictsInvalid),
      void: Number(totals.verdictsVoid),
      noResidual: Number(totals.verdictsNoResidual),
      unserved: Number(totals.verdictsUnserved),
    },
    audits: { drawn: Number(totals.auditsDrawn), valid: Number(totals.auditsValid) },
    supply: {
      before: `${known.before}`,
      minted: `${task.minted}`,
      burned: `${task.burned + task.slashedBurned}`,
      after: `${await supplyOf(chain, plan.options.denom)}`,
    },
    appHashes: { height, byValidator },
    payouts: r.payouts.map((p) => ({ address: p.address, role: p.what || ROLE_NAMES[p.role] || "", amount: `${p.amount}` })),
    stakesReleased: known.stakesReleased,
    model: known.model,
    testnet: join(plan.options.dir, "testnet.json"),
  };
}
