/**
 * What one delivered message costs a hub: its CPU time by reader, readers in a process of their own. Every reader has
 * received every message, byte for byte, before a figure is told.
 */
import "#platform/install.js";
import { createHash, randomBytes } from "node:crypto";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GrpcBus, type StoredMessage } from "#bus/index.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { median, quick, reportRounds } from "./measure.js";

const ROUNDS = quick ? 1 : 5;
const MESSAGES = quick ? 50 : 600;
const READERS = 20;
const HEADER = 346;
const MAP = 5000;
const key = sessionKeyFromSeed(new Uint8Array(32).fill(4));
const bus = new GrpcBus({ allowPrivate: true });
const common = { chainId: "c", taskId: 1n, crypto: nodeCrypto, timers: systemTimers };
const messages: StoredMessage[] = Array.from({ length: MESSAGES }, (_, i) => ({
  slot: 0,
  seq: BigInt(i + 1),
  bytes: Iteration.encode({ header: new Uint8Array(HEADER).fill(i), map: new Uint8Array(MAP).fill(i * 7), signature: new Uint8Array(64) }),
}));

function digest(all: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const bytes of all) hash.update(bytes);
  return hash.digest("hex");
}
const WANTED = digest(messages.map((m) => m.bytes));

/** The readers' process: reads all, says what it read. */
async function read(endpoint: string): Promise<void> {
  const links = Array.from({ length: READERS }, (_, index) => {
    const all: Uint8Array[] = [];
    let done: () => void;
    const whole = new Promise<void>((resolve) => (done = resolve));
    const own = { endpoint, supervisor: "s", role: Role.ROLE_MINER, index, sign: (m: Uint8Array) => key.sign(m), clock: () => [] };
    const iteration = async (m: Iteration): Promise<void> => {
      all.push(Iteration.encode(m));
      if (all.length === MESSAGES) done();
    };
    return { link: bus.link({ ...common, ...own, iteration }, true), whole, all };
  });
  await Promise.all(links.map((l) => l.whole));
  process.send?.(performance.timeOrigin + performance.now());
  for (const { all } of links) if (digest(all) !== WANTED) throw new Error("bench: a reader received other bytes");
  process.send?.("right");
  await Promise.all(links.map((l) => l.link.close()));
  process.disconnect?.();
}

async function round(): Promise<{ cpu: number; rate: number }> {
  let go: () => void = () => {};
  const start = new Promise<void>((resolve) => (go = resolve));
  let ready = 0;
  const served = await bus.serve(
    {
      ...common,
      address: "s",
      random: (n) => new Uint8Array(randomBytes(n)),
      seat: async () => ({ worker: "w", sessionKey: key.publicKey }),
      sizes: () => ({ residual: 4, message: 10_000 }),
      clock: async () => [],
      iteration: async () => {},
      residual: async () => {},
      async *follow() {
        ready++;
        await start;
        yield* messages;
      },
    },
    "127.0.0.1:0",
  );
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { env: { ...process.env, FANOUT: served.endpoint } });
  const said: unknown[] = [];
  let heard: () => void = () => {};
  child.on("message", (m) => {
    said.push(m);
    heard();
  });
  const failed = new Promise<never>((_, reject) => child.once("exit", (code) => code !== 0 && reject(new Error("bench: the readers failed"))));
  const next = async (n: number): Promise<void> => {
    while (said.length < n) await Promise.race([new Promise<void>((resolve) => (heard = resolve)), failed]);
  };
  while (ready < READERS) await new Promise((resolve) => setTimeout(resolve, 20));
  const cpu = process.cpuUsage();
  const begun = performance.timeOrigin + performance.now();
  go();
  await next(1);
  const { user, system } = process.cpuUsage(cpu);
  await next(2);
  if (said[1] !== "right") throw new Error("bench: the readers did not say that all is right");
  await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve(undefined)));
  await served.close();
  const deliveries = MESSAGES * READERS;
  return { cpu: (user + system) / deliveries, rate: (deliveries / ((said[0] as number) - begun)) * 1000 };
}

const endpoint = process.env["FANOUT"];
if (endpoint) await read(endpoint);
else {
  await round(); // untimed: warms the hub
  const rounds: { cpu: number; rate: number }[] = [];
  for (let r = 0; r < ROUNDS; r++) rounds.push(await round());
  const note = `${READERS} readers, header ${HEADER} B, map ${MAP} B, ${MESSAGES} messages`;
  reportRounds({ bench: "fanout", figure: "hub's CPU a delivered message", unit: "µs", note }, rounds.map((r) => r.cpu), 1);
  reportRounds({ bench: "fanout", figure: "deliveries", unit: "/s", note }, rounds.map((r) => r.rate));
  if (median(rounds.map((r) => r.cpu)) <= 0) throw new Error("bench: no CPU was used");
}
