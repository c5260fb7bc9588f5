/**
 * What questions do to consensus: intervals between blocks of a validator that nobody asks, and of the same one while it is asked
 * as fast as it answers, by turns. Asserted is that every question had an answer or a refusal that is documented, that the node's
 * memory stands still, and that a block's transactions are those that were sent.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { entry } from "#platform/entry.js";
import { heightOf, rpc, sleep } from "#testnet/rpc.js";
import { testNetwork } from "#test/network/network.js";
import { type FloodOrder, type FloodReport } from "./load/flooder.js";
import { floodTransactions } from "./load/flood-transactions.js";
import { json, quick, report, round } from "./measure.js";

const ROUNDS = quick ? 1 : 3;
const BLOCK_MS = 1_000;
const QUIET_MS = quick ? 8_000 : 60_000;
const QUESTIONS = quick ? 2_000 : 100_000;
/** What may be answered to a question that is right: an answer, or that there are too many. */
const FINE = /^(?:code 0|code 6|code 20|code 32|code 19|http 200|http 429|http 200, code 0|http 500, code -32603|grpc 0|grpc 8)$/;

const network = await testNetwork({ validators: 1, miners: 0, supervisors: 0, evaluators: 0, blockTime: BLOCK_MS });
try {
  const [validator] = network.facts().validators;
  if (!validator) throw new Error("bench: the network has no validator");
  const node = validator.pids.node as number;
  const { tx, txs } = await floodTransactions(network.facts());
  const order: FloodOrder = { rpc: validator.rpc, grpc: validator.grpc, rest: validator.rest, count: QUESTIONS / ROUNDS, width: 4, tx, txs };

  const quiet: number[] = [];
  const asked: number[] = [];
  const memory: number[] = [rss(node)];
  const outcomes: Record<string, Record<string, number>> = {};
  let seconds = 0;
  for (let r = 0; r < ROUNDS; r++) {
    quiet.push(...(await intervals(() => sleep(QUIET_MS))));
    const began = performance.now();
    asked.push(...(await intervals(async () => add(outcomes, await flood(order)))));
    seconds += (performance.now() - began) / 1000;
    memory.push(rss(node));
  }
  const wrong = Object.entries(outcomes).flatMap(([kind, of]) => Object.keys(of).filter((o) => !FINE.test(o)).map((o) => `${kind}: ${o}, ${of[o]} times`));
  if (wrong.length > 0) throw new Error(`bench: answers that nobody documented: ${wrong.join("; ")}`);

  const bench = "flood";
  const note = `${quiet.length} blocks in quiet, ${asked.length} while ${QUESTIONS} questions were asked in ${round(seconds)} s`;
  report({ bench, figure: "block interval, p99, asked over quiet", value: round(at(asked, 0.99) / at(quiet, 0.99), 3), unit: "ratio", note });
  report({ bench, figure: "block interval, median, asked over quiet", value: round(at(asked, 0.5) / at(quiet, 0.5), 3), unit: "ratio" });
  report({ bench, figure: "block interval, p99, quiet", value: round(at(quiet, 0.99)), unit: "ms" });
  report({ bench, figure: "memory of the node, after over before", value: round((memory.at(-1) as number) / (memory[1] as number), 3), unit: "ratio", note: `${memory.map((m) => round(m / 2 ** 20)).join(", ")} MiB: before, and after each flood` });
  report({ bench, figure: "questions answered or refused", value: round(QUESTIONS / seconds), unit: "per s" });
  if (!json) console.error(JSON.stringify(outcomes, null, 1));
} finally {
  await network.down();
}

function flood(o: FloodOrder): Promise<FloodReport> {
  const { command, args } = entry("bench/load/flooder", JSON.stringify(o));
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (d: Buffer) => (out += d.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(JSON.parse(out) as FloodReport) : reject(new Error(`bench: the flood ended with ${code}`))));
  });
}

/** Milliseconds between the blocks that are made while something runs. */
async function intervals(run: () => Promise<unknown>): Promise<number[]> {
  const from = await heightOf(network.rpc);
  await run();
  const to = await heightOf(network.rpc);
  const times: number[] = [];
  for (let h = from; h <= to; h++) {
    const { header } = await rpc<{ header: { time: string } }>(network.rpc, `/header?height=${h}`);
    times.push(Date.parse(header.time));
  }
  return times.slice(1).map((t, i) => t - (times[i] as number));
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

function add(into: Record<string, Record<string, number>>, more: FloodReport): void {
  for (const [kind, of] of Object.entries(more)) for (const [outcome, n] of Object.entries(of)) (into[kind] ??= {})[outcome] = (into[kind]?.[outcome] ?? 0) + n;
}

/** Bytes of a process that lie in memory. */
function rss(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
