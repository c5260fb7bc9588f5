/**
 * What anonymous readers cost a seated miner: the time from its sending of a message to the hub's having it, without readers and
 * with many at once. Readers and miner are processes of their own; every reader reads whole pages and counts them.
 */
import "#platform/install.js";
import { randomBytes } from "node:crypto";
import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { GrpcBus } from "#bus/index.js";
import { Counters, Remote, service } from "#net/index.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { LogService } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";

const PAGE = 200n;
const EVERY_MS = 10;
const key = sessionKeyFromSeed(new Uint8Array(32).fill(4));
const clock = (): number => performance.timeOrigin + performance.now();
const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));
const message = { header: new Uint8Array(346), map: new Uint8Array(5000), signature: new Uint8Array(64) };

export interface Delays {
  /** ms, of the miner's messages */
  readonly median: number;
  readonly p99: number;
  readonly most: number;
  readonly messages: number;
  /** messages that the readers read meanwhile */
  readonly read: number;
  /** the most readers that were served at one time */
  readonly served: number;
  /** CPU ms of one turn of the hub's event loop, of a thousand but one: what it makes a message wait for, however busy the machine is */
  readonly turn: number;
}

/** The readers' process: each on a connection of its own, page after page. */
async function read(endpoint: string, readers: number): Promise<void> {
  setPriority(19); // readers are on machines of their own: what they compute here is not the hub's
  let count = 0;
  process.on("message", () => process.send?.(count));
  await Promise.all(
    Array.from({ length: readers }, async () => {
      const remote = await Remote.dial(endpoint, { allowPrivate: true });
      for (;;) {
        try {
          for await (const m of remote.serverStream(LogService.methods.range, { taskId: 1n, slot: 0, first: 1n, last: PAGE })) count += m.map.length === message.map.length ? 1 : Number.NaN;
        } catch {
          await sleep(50);
        }
      }
    }),
  );
}

/** The miner's process: one message each EVERY_MS, with the moment in its header. */
function send(endpoint: string): void {
  const own = { taskId: 1n, role: Role.ROLE_MINER, index: 0, crypto: nodeCrypto, timers: systemTimers, sign: (m: Uint8Array) => key.sign(m), clock: () => [], iteration: async () => {} };
  async function* outgoing() {
    for (let seq = 1n; ; seq++) {
      await sleep(EVERY_MS);
      const header = new Uint8Array(message.header.length);
      new DataView(header.buffer).setFloat64(0, clock());
      yield { slot: 0, seq, bytes: Iteration.encode({ ...message, header }) };
    }
  }
  new GrpcBus({ allowPrivate: true }).link({ endpoint, chainId: "c", supervisor: "s", ...own, outgoing }, false);
}

/** `running` is how many readers of one address are served at one time; all others wait. */
export async function measureReaders({ readers, seconds, running }: { readers: number; seconds: number; running: number }): Promise<{ alone: Delays; beside: Delays }> {
  let delays: number[] = [];
  let now = 0;
  let served = 0;
  let turns: number[] = [];
  let turning = true;
  let cpu = process.cpuUsage();
  const turn = (): void => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    turns.push((user + system) / 1000);
    if (turning) setImmediate(turn);
  };
  turn();
  const counters = new Counters();
  const log = service(
    LogService,
    {
      async *stream() {},
      header: async () => ({}),
      async *descend() {},
      async *range({ first, last }) {
        served = Math.max(served, ++now);
        try {
          for (let seq = first; seq <= last; seq++) yield message;
        } finally {
          now--;
        }
      },
    },
    { range: { running, perSecond: 100_000 } },
  );
  const hub = await new GrpcBus({ allowPrivate: true, services: [log] }).serve(
    {
      chainId: "c",
      address: "s",
      crypto: nodeCrypto,
      timers: systemTimers,
      counters,
      random: (n) => new Uint8Array(randomBytes(n)),
      seat: async () => ({ worker: "m", sessionKey: key.publicKey }),
      sizes: () => ({ residual: 4, message: 10_000 }),
      clock: async () => [],
      iteration: async (_peer, { header }) => void delays.push(clock() - new DataView(header.buffer, header.byteOffset).getFloat64(0)),
      residual: async () => {},
      async *follow() {},
    },
    "127.0.0.1:0",
  );
  const children: ChildProcess[] = [];
  const start = (what: string): ChildProcess => {
    const child = fork(fileURLToPath(import.meta.url), [what, hub.endpoint, `${readers}`]);
    children.push(child);
    return child;
  };
  const taken = (count: number): Delays => {
    const sorted = delays.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number;
    const byTurn = turns.toSorted((a, b) => a - b);
    return { median: at(0.5), p99: at(0.99), most: at(1), messages: sorted.length, read: count, served, turn: byTurn[Math.floor(0.999 * byTurn.length)] as number };
  };
  try {
    start("miner");
    while (delays.length < 100) await sleep(20);
    delays = [];
    turns = [];
    await sleep(seconds * 1000);
    const alone = taken(0);
    const reading = start("readers");
    const count = (): Promise<number> =>
      new Promise((resolve) => {
        reading.once("message", (n) => resolve(n as number));
        reading.send("?");
      });
    while (served < Math.min(readers, running)) await sleep(20);
    const before = await count();
    delays = [];
    turns = [];
    await sleep(seconds * 1000);
    const beside = taken((await count()) - before);
    return { alone, beside };
  } finally {
    turning = false;
    for (const c of children) c.kill();
    await hub.close();
  }
}

const [, , what, endpoint, readers] = process.argv;
if (what === "readers" && process.send) await read(endpoint as string, Number(readers));
if (what === "miner" && process.send) send(endpoint as string);
