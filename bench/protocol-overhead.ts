/**
 * What the protocol costs a miner: every part of an iteration of one slot among eleven, in microseconds and in percent of
 * the gradient's. Parts of the compute thread stand apart from those of the main thread, which signs, logs and
 * checks peers' signatures while the next gradient is made. One thread does all of it here; sending is not part of it.
 * Before any time is told, every byte of every header agrees with the recorded run, and verifyIteration accepts the recording.
 */
import "#platform/install.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { median, quick, report, reportRounds, round, takeTurns } from "./measure.js";
import { bareMiner, mine } from "./training/miner.js";
import { COMPUTE_THREAD, type Parts, usual } from "./training/parts.js";
import { engineOf, record, verifierOf } from "./training/recording.js";
import { overheadTasks } from "./training/tasks.js";

const ROUNDS = quick ? 1 : 7;
const ITERATIONS = quick ? 16 : 112;
const bench = "overhead";
/** percent of the gradient that the protocol may cost: of docs/status.md, on native kernels */
const TARGETS: Readonly<Record<string, number>> = { "MLP 784-128-64-10 batch 100": 50, "LeNet-5 batch 100": 10 };

const NAMES: Readonly<Record<Exclude<keyof Parts, "total">, string>> = {
  gradient: "gradient",
  encode: "residual, sparsify, encode",
  copies: "copies: maps, residual, messages",
  hash: "hash",
  header: "clock, trees, header",
  ownMap: "adding the own map",
  peerMaps: "entering and adding ten peers' maps",
  sign: "hash and signature",
  log: "log, synced",
  peerChecks: "ten peers' signatures and checks",
};
const MAIN_THREAD = ["sign", "log", "peerChecks"] as const;
/** The targets count what the compute thread does but gradient and own update, and signing, though the main thread does it. */
const COUNTED = [...COMPUTE_THREAD.filter((p) => p !== "gradient" && p !== "ownMap"), "sign"] as const;

for (const task of overheadTasks()) {
  const recording = await record(task, ITERATIONS);
  const verify = await verifierOf(recording);
  for (let slot = 0; slot < task.spec.slots; slot++) {
    const outcome = verify(slot, BigInt(ITERATIONS));
    if (outcome.needs !== undefined || outcome.code !== VerdictCode.VERDICT_VALID) throw new Error(`bench: the recorded run of slot ${slot} is not VALID: ${JSON.stringify(outcome, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`);
  }
  const bare = await bareMiner(recording);
  bare.train();
  await mine(recording);

  const runs: (readonly Parts[])[] = [];
  const ms = await takeTurns(ROUNDS, {
    bare: () => bare.train(),
    miner: async () => {
      const { whole, each } = await mine(recording);
      runs.push(each);
      return whole.total;
    },
  });
  const { host } = await engineOf(task);
  const note = `${task.name}, ${task.spec.slots} slots, ${host} kernels`;
  const unit = "µs an iteration";
  const parts = usual(runs);
  const sum = (names: readonly (keyof Parts)[]) => names.reduce((s, name) => s + parts[name], 0);
  const line = (figure: string, milliseconds: number) => report({ bench, figure, value: round(1000 * milliseconds, 1), unit, percent: round((100 * milliseconds) / parts.gradient, 1), note });

  reportRounds({ bench, figure: "gradient and own update, bare", unit, note }, ms.bare.map((t) => (1000 * t) / ITERATIONS), 1);
  line("compute thread", sum(COMPUTE_THREAD));
  for (const name of COMPUTE_THREAD) line(`  ${NAMES[name]}`, parts[name]);
  line("main thread", sum(MAIN_THREAD));
  for (const name of MAIN_THREAD) line(`  ${NAMES[name]}`, parts[name]);
  report({ bench, figure: "map", value: median(recording.log.flatMap((list) => list.map((m) => m.map.length))), unit: "bytes", note });
  const target = TARGETS[task.name];
  line(`protocol work${target !== undefined && host === "native" ? `, target ≤ ${target} %` : ""}`, sum(COUNTED));
}
