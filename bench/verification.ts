/**
 * What it costs to verify an iteration that was trained: verifyIteration's time for each iteration that it re-runs over the
 * time in which the miner's compute thread made one. Jobs in the order of the log, and spread over it at random as the lottery draws
 * them: then the replica has to travel between clocks. Every verdict is VALID, or there is no figure.
 */
import "#platform/install.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Drbg } from "#protocol/draws/drbg.js";
import { residualInterval } from "#protocol/log/positions.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { quick, ratioOf, report, reportRounds, round, takeTurns } from "./measure.js";
import { mine } from "./training/miner.js";
import { computeThread } from "./training/parts.js";
import { engineOf, record, verifierOf } from "./training/recording.js";
import { benchTasks } from "./training/tasks.js";

const ROUNDS = quick ? 1 : 7;
const ITERATIONS = quick ? 32 : 320;
const bench = "verification";

for (const task of await benchTasks()) {
  const recording = await record(task, ITERATIONS);
  const verify = await verifierOf(recording);
  const interval = Number(residualInterval(task.plan.parameters, task.spec.profile));
  // Jobs that end at a hashed residual re-run a whole interval each; together every iteration of the slot once.
  const inOrder = Array.from({ length: ITERATIONS / interval }, (_, i) => BigInt((i + 1) * interval));
  const random = new Drbg(nodeCrypto, Uint8Array.of(1));
  const spread = inOrder.map((seq) => ({ seq, at: random.below(1n << 32n) })).toSorted((a, b) => (a.at < b.at ? -1 : 1)).map(({ seq }) => seq);
  const slot = task.spec.slots - 1;

  /** µs for each iteration that was re-run */
  const judge = (jobs: readonly bigint[]): number => {
    const start = performance.now();
    for (const seq of jobs) {
      const outcome = verify(slot, seq);
      if (outcome.needs !== undefined || outcome.code !== VerdictCode.VERDICT_VALID) throw new Error(`bench: message ${slot}/${seq} is not VALID: ${outcome.needs ?? outcome.detail}`);
    }
    return (1000 * (performance.now() - start)) / ITERATIONS;
  };
  judge(inOrder);
  // What the miner's compute thread does: its signature, log and peers wait on other things.
  const miner = async (): Promise<number> => {
    return (1000 * computeThread((await mine(recording)).whole)) / ITERATIONS;
  };
  await miner();

  const times = await takeTurns(ROUNDS, { miner, inOrder: () => judge(inOrder), spread: () => judge(spread) });
  const note = `${task.name}, jobs re-run ${interval} of ${ITERATIONS} iterations, ${(await engineOf(task)).host} kernels`;
  const unit = "µs an iteration";
  reportRounds({ bench, figure: "mining, compute thread", unit, note }, times.miner, 1);
  reportRounds({ bench, figure: "verifying, in order", unit, note }, times.inOrder, 1);
  reportRounds({ bench, figure: "verifying, at random", unit, note }, times.spread, 1);
  report({ bench, figure: "verifying over mining, in order", value: round(ratioOf(times.inOrder, times.miner), 2), unit: "ratio", note });
  report({ bench, figure: "verifying over mining, at random", value: round(ratioOf(times.spread, times.miner), 2), unit: "ratio", note });
}
