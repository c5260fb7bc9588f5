/**
 * Iterations a second of a miner with the protocol around them (residual and map, digests, header, hash, signature,
 * synced log, the peers' messages checked, logged and added) and without (gradient, and its own update added).
 * One thread does all of it here, where a miner has two; sending is not part of it. Before any time is told, every byte
 * of every header agrees with the recorded run, and verifyIteration accepts the recording.
 */
import "#platform/install.js";
import { VerdictCode } from "#proto/gen/pouw.js";
import { quick, median, ratioOf, report, reportRounds, round, takeTurns } from "./measure.js";
import { bareMiner, mine, type Parts } from "./training/miner.js";
import { engineOf, record, verifierOf } from "./training/recording.js";
import { benchTasks } from "./training/tasks.js";

const ROUNDS = quick ? 1 : 7;
const ITERATIONS = quick ? 20 : 300;
const bench = "overhead";

const PART_NAMES: readonly [Exclude<keyof Parts, "total">, string][] = [
  ["step", "gradient, residual, map (engine step)"],
  ["addMaps", "adding own and peers' maps"],
  ["header", "digests and header"],
  ["sign", "hash and signature"],
  ["append", "log, synced"],
  ["peers", "peers' messages: signature, checks"],
];

for (const task of benchTasks()) {
  const recording = await record(task, ITERATIONS);
  const verify = await verifierOf(recording);
  for (let slot = 0; slot < task.spec.slots; slot++) {
    const outcome = verify(slot, BigInt(ITERATIONS));
    if (outcome.needs !== undefined || outcome.code !== VerdictCode.VERDICT_VALID) throw new Error(`bench: the recorded run of slot ${slot} is not VALID: ${JSON.stringify(outcome, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`);
  }
  const bare = await bareMiner(recording);
  bare.train();
  await mine(recording);

  const parts: Parts[] = [];
  const ms = await takeTurns(ROUNDS, {
    bare: () => bare.train(),
    miner: async () => {
      const p = await mine(recording);
      parts.push(p);
      return p.total;
    },
  });
  const rate = (list: readonly number[]) => list.map((t) => (1000 * ITERATIONS) / t);
  const { host } = await engineOf(task);
  const note = `${task.name}, ${task.spec.slots} slots, ${host} kernels`;
  const each = (pick: (p: Parts) => number) => round((1000 * median(parts.map(pick))) / ITERATIONS, 1);
  reportRounds({ bench, figure: "without the protocol", unit: "iterations/s", note }, rate(ms.bare));
  reportRounds({ bench, figure: "with the protocol", unit: "iterations/s", note }, rate(ms.miner));
  report({ bench, figure: "with over without", value: round(ratioOf(ms.bare, ms.miner), 2), unit: "ratio", note });
  report({ bench, figure: "  gradient and own update, bare", value: round((1000 * median(ms.bare)) / ITERATIONS, 1), unit: "µs an iteration", note });
  for (const [part, name] of PART_NAMES) report({ bench, figure: `  ${name}`, value: each((p) => p[part]), unit: "µs an iteration", note });
}
