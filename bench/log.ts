/**
 * A supervisor's log: what a message costs to check, apply and append, what it leaves in memory, and how soon a log of any
 * length is open again, serves pages and proves what is in it. Options besides the usual: --messages, --slots, --map (bytes).
 * The log is written by one process and opened by another, so that memory and time are those of a restart.
 */
import "#platform/install.js";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { equalBytes } from "#kernel/bytes.js";
import { LogStore } from "#net/log-store.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Database } from "#platform/level.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { headerHash } from "#protocol/log/header.js";
import { Intake } from "#protocol/log/intake.js";
import { LogFrontier, verifyInclusion } from "#protocol/log/log-root.js";
import { positionOf, residualInterval } from "#protocol/log/positions.js";
import { chainDigest } from "#protocol/state/digest.js";
import { encodeMap, mapHash } from "#protocol/state/map.js";
import { groupsOf } from "#engine/quanta.js";
import { median, quick, report, round } from "./measure.js";
import { type BenchTask, digits } from "./training/tasks.js";

const bench = "log";
const CHAIN = "pouw-bench-1";
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`bench: --${name} is ${process.argv[at + 1]}, want a whole number from 1`);
  return value;
};
const MESSAGES = option("messages", quick ? 2_000 : 100_000);
const SLOTS = option("slots", 10);
const MAP_BYTES = option("map", 500);
const AT_ONCE = 1000;

async function taskOf(): Promise<BenchTask> {
  const one = await digits();
  const epochs = Math.ceil((MESSAGES + SLOTS) / one.spec.batches);
  const spec = { ...one.spec, slots: SLOTS, epochs };
  return { ...one, spec, task: { ...one.task, spec } };
}

async function openTask(directory: string) {
  const began = performance.now();
  const task = await taskOf();
  const prepared = performance.now();
  const db = await Database.open(directory);
  const store = await LogStore.open(db, task.task.id, SLOTS);
  const tips = await store.tips(task.task.startHeight);
  const { spec, plan } = task;
  const intake = new Intake({
    crypto: nodeCrypto,
    chainId: CHAIN,
    taskId: task.task.id,
    spec,
    parameters: plan.parameters,
    startHeight: task.task.startHeight,
    startBeacon: task.task.startBeacon,
    batchHashes: task.batches.map((x) => x.hash),
    groups: groupsOf(spec.quanta, plan.tensors),
    logs: tips.map(({ tip, frontier }) => ({ tip, tree: frontier })),
    lowestRound: () => BigInt(Math.floor(MESSAGES / SLOTS)),
  });
  const sessionKeys = new Map(Array.from({ length: SLOTS }, (_, slot) => [slot, new Uint8Array(32)]));
  intake.setView({ height: task.task.startHeight + BigInt(MESSAGES), slots: [], sessionKeys });
  return { task, db, store, tips, intake, prepared: prepared - began, opened: performance.now() - prepared };
}

/** Messages that keep all rules but their signature's, round by round. */
function* messages({ spec, task, plan, batches }: BenchTask): Generator<{ message: Iteration; header: Header; hash: Uint8Array }> {
  const order = new BatchOrder(nodeCrypto, task.startBeacon, task.id, spec.batches);
  const entries = Array.from({ length: Math.min(plan.parameters, Math.round((MAP_BYTES * 8) / 9.1)) }, (_, i) => ({ index: 2 * i, k: i % 3 ? 1 : -1 })).filter((e) => e.index < plan.parameters);
  const map = encodeMap(plan.parameters, spec.quanta[0]?.levels ?? 1, entries);
  const interval = residualInterval(plan.parameters, spec.profile);
  const logs = Array.from({ length: SLOTS }, () => ({ prev: new Uint8Array(32), digest: new Uint8Array(32), frontier: new LogFrontier(nodeCrypto) }));
  for (let i = 0; i < MESSAGES; i++) {
    const slot = i % SLOTS;
    const seq = BigInt(Math.floor(i / SLOTS) + 1);
    const log = logs[slot] as (typeof logs)[number];
    log.digest = chainDigest(nodeCrypto, log.digest, mapHash(nodeCrypto, map)) as Uint8Array<ArrayBuffer>;
    const header = Header.create({
      version: 1,
      chainId: CHAIN,
      taskId: task.id,
      slot,
      seq,
      prev: log.prev,
      round: seq - 1n,
      height: task.startHeight + seq / 64n,
      clock: Array.from({ length: SLOTS }, () => seq - 1n),
      batchHash: (batches[order.batchOf(positionOf(spec, slot, seq))] as BenchTask["batches"][number]).hash,
      mapHash: mapHash(nodeCrypto, map),
      chainDigest: log.digest,
      modelDigest: log.digest,
      logRoot: log.frontier.root(),
      residualHash: seq % interval === 0n ? log.digest : new Uint8Array(0),
      loss: 500_000,
      accuracy: 900_000,
    });
    const message = { header: Header.encode(header), map, signature: new Uint8Array(64).fill(slot) };
    const hash = headerHash(nodeCrypto, message.header);
    log.prev = hash as Uint8Array<ArrayBuffer>;
    log.frontier.append(hash);
    yield { message, header, hash };
  }
}

const mib = (bytes: number): number => round(bytes / 2 ** 20, 1);
/** The highest memory of those times when it was looked at, as Linux counts it. */
function highest() {
  const bytes = (status: string, name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  const seen = { rss: 0, files: 0, note };
  function note(): void {
    const rss = process.memoryUsage.rss();
    if (rss <= seen.rss) return;
    seen.rss = rss;
    seen.files = existsSync("/proc/self/status") ? bytes(readFileSync("/proc/self/status", "utf8"), "RssFile") : 0;
  }
  return seen;
}
const heap = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  const m = process.memoryUsage();
  return m.heapUsed + m.external;
};

async function write(directory: string): Promise<void> {
  const { task, db, store, intake } = await openTask(directory);
  let checked = 0;
  let applied = 0;
  let appended = 0;
  const memory = highest();
  let pending: Promise<void>[] = [];
  // from where memory no longer fills its fixed parts
  let settled: { count: number; bytes: number } | undefined;
  let count = 0;
  for (const m of messages(task)) {
    const a = performance.now();
    const offer = intake.offer(m.message);
    if (!("verify" in offer)) throw new Error(`bench: a message is refused: ${JSON.stringify(offer)}`);
    const b = performance.now();
    intake.verified(offer.ticket, true); // by other threads: bench/signatures.ts
    for (const taken of intake.take(64)) if ("refused" in taken) throw new Error(`bench: a message breaks a rule: ${taken.why}`);
    const c = performance.now();
    pending.push(store.append(m.header.slot, m.header.seq, m.message, m.hash));
    const d = performance.now();
    checked += b - a;
    applied += c - b;
    appended += d - c;
    if (pending.length < AT_ONCE) continue;
    const e = performance.now();
    await Promise.all(pending);
    appended += performance.now() - e;
    pending = [];
    count += AT_ONCE;
    memory.note();
    if (!settled && count >= MESSAGES / 2) settled = { count, bytes: heap() };
  }
  await Promise.all(pending);
  memory.note();
  const each = (ms: number): number => round((ms / MESSAGES) * 1000, 1);
  const note = `${MESSAGES} messages of ${SLOTS} slots`;
  report({ bench, figure: "a message offered: decoded, hashed, looked for", value: each(checked), unit: "µs", note });
  report({ bench, figure: "a message judged by the rules and taken", value: each(applied), unit: "µs" });
  report({ bench, figure: "a message appended and synced", value: each(appended), unit: "µs", note: `groups of ${AT_ONCE}` });
  report({ bench, figure: "highest RSS while it is written", value: mib(memory.rss), unit: "MiB", note: `${mib(memory.files)} MiB of it are mapped files` });
  if (settled && MESSAGES > settled.count) report({ bench, figure: "memory a further message, second half", value: round((heap() - settled.bytes) / (MESSAGES - settled.count), 1), unit: "B" });
  await db.close();
}

async function restart(directory: string): Promise<void> {
  const { db, store, tips, prepared, opened } = await openTask(directory);
  const total = tips.reduce((n, t) => n + Number(t.tip.seq), 0);
  if (total !== MESSAGES) throw new Error(`bench: ${total} messages are there after a restart, ${MESSAGES} were written`);
  report({ bench, figure: "open, tips and rules: able to anchor", value: round(opened, 1), unit: "ms", note: `and ${round(prepared)} ms for the task's data, which a supervisor has on disk` });
  const pages: number[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const head = Number(tips[slot]?.tip.seq);
    for (const part of [0, 0.37, 0.8]) {
      const t = performance.now();
      const page = await store.page(slot, BigInt(Math.floor(part * head) + 1));
      pages.push(performance.now() - t);
      if (page.messages.length === 0) throw new Error("bench: a page is empty");
    }
  }
  report({ bench, figure: "a page of 1 MiB", value: round(median(pages), 1), unit: "ms", spread: [round(Math.min(...pages), 1), round(Math.max(...pages), 1)] });
  const proofs: number[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const head = tips[slot]?.tip.seq as bigint;
    for (const seq of [1n, head / 3n + 1n, head - 1n]) {
      const t = performance.now();
      const proof = await store.proof(slot, seq, head);
      proofs.push(performance.now() - t);
      const m = await store.get(slot, head);
      const hash = (await store.hashAt(slot, seq)) as Uint8Array;
      const { logRoot } = Header.decode((m as Iteration).header);
      if (!verifyInclusion(nodeCrypto, logRoot, head - 1n, seq - 1n, hash, proof)) throw new Error(`bench: the proof of ${slot}/${seq} does not verify`);
    }
  }
  report({ bench, figure: "a proof of inclusion, the slowest", value: round(Math.max(...proofs), 1), unit: "ms" });
  const clock = Array.from({ length: SLOTS }, () => 1n << 40n);
  const t = performance.now();
  for (let i = 0; i < 100; i++) for await (const _ of store.after(clock)) throw new Error("bench: a reader above the log got a message");
  report({ bench, figure: "100 readers with a clock above the log", value: round(performance.now() - t, 2), unit: "ms" });
  const near = tips.map(({ tip }) => tip.seq - 10n);
  const u = performance.now();
  let got = 0;
  for await (const m of store.after(near)) got += m.bytes.length > 0 ? 1 : 0;
  if (got !== 10 * SLOTS) throw new Error(`bench: ${got} messages beyond a clock, want ${10 * SLOTS}`);
  report({ bench, figure: `a reader ${got} messages from the end`, value: round(performance.now() - u, 1), unit: "ms" });
  const v = performance.now();
  let all = 0;
  for await (const m of store.after([])) all += m.bytes.length > 0 ? 1 : 0;
  if (all !== MESSAGES) throw new Error(`bench: a reader of all got ${all} messages of ${MESSAGES}`);
  report({ bench, figure: "a message to a reader of everything", value: round(((performance.now() - v) / all) * 1000, 1), unit: "µs" });
  const first = tips[0]?.tip.headerHash as Uint8Array;
  if (!equalBytes(first, store.hash(0, tips[0]?.tip.seq as bigint) as Uint8Array)) throw new Error("bench: a tip is not the log's last hash");
  const memory = highest();
  memory.note();
  report({ bench, figure: "highest RSS after a restart", value: mib(process.resourceUsage().maxRSS * 1024), unit: "MiB", note: `${mib(memory.files)} MiB are mapped files at the end` });
  await db.close();
}

const at = process.argv.indexOf("--phase");
if (at >= 0) {
  const [phase, directory] = process.argv.slice(at + 1) as [string, string];
  await (phase === "write" ? write(directory) : restart(directory));
} else {
  const directory = mkdtempSync(join(tmpdir(), "pouwd-log-"));
  try {
    for (const phase of ["write", "restart"]) {
      const { status } = spawnSync(process.execPath, [...process.execArgv, "--expose-gc", fileURLToPath(import.meta.url), ...process.argv.slice(2), "--phase", phase, directory], { stdio: "inherit" });
      if (status !== 0) throw new Error(`bench: the part that is to ${phase} ended with ${status}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
