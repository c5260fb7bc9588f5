/**
 * One bad supervisor of three, with a bad miner, harms nobody: the miner breaks the lag rule, the supervisor logs and relays
 * whatever it is sent, and honest miners apply, name and wait for none of it. (At aab0a83 they froze: docs/attacks.md.)
 */
import "#platform/install.js";
import { randomBytes } from "node:crypto";
import test from "ava";
import { GrpcBus, type ServedHub, type StoredMessage } from "#bus/index.js";
import { LogClient } from "#net/index.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { FAULT_FROM } from "#miner/faults.js";
import { type Daemon, Network } from "./bench.js";

const SUPERVISORS = ["s0", "s1", "s2"];

/** A hub in a supervisor's place that has no rules: what a seat sends it, it shows to everybody. It anchors nothing. */
async function lawless(net: Network, name: string, relayed: Set<string>): Promise<ServedHub> {
  const endpoint = net.endpoints.get(name) as string;
  const messages: StoredMessage[] = [];
  const seen = new Set<string>();
  let wake: () => void = () => {};
  const take = (m: Iteration): void => {
    const { slot, seq } = Header.decode(m.header);
    const key = `${slot}/${seq}/${Buffer.from(m.signature).toString("hex")}`;
    if (seen.has(key)) return;
    seen.add(key);
    messages.push({ slot, seq, bytes: Iteration.encode(m) });
    relayed.add(`${slot}/${seq}`);
    wake();
  };
  const before = new LogClient({ endpoints: [net.endpoints.get("s1") as string], allowPrivate: true });
  for await (const m of before.stream(net.task.id, [])) take(m);
  before.close();
  return new GrpcBus({ allowPrivate: true }).serve(
    {
      chainId: net.chain.chainId,
      address: net.address(name),
      crypto: nodeCrypto,
      timers: systemTimers,
      random: (n) => new Uint8Array(randomBytes(n)),
      seat: async (_task, role, index) => {
        const s = net.seats.find((x) => x.role === role && x.index === index);
        return s && { worker: s.worker, sessionKey: s.sessionKey };
      },
      sizes: () => ({ residual: 67 * 4, message: 1 << 20 }),
      clock: async () => net.slots.map(({ slot }) => BigInt(messages.filter((m) => m.slot === slot).length)),
      iteration: async (_peer, m) => take(m),
      residual: async () => {},
      async *follow(_task, clock, signal) {
        for (let i = 0; !signal.aborted; ) {
          const m = messages[i];
          if (!m) {
            await Promise.race([new Promise<void>((resolve) => (wake = resolve)), new Promise((resolve) => setTimeout(resolve, 50))]);
            continue;
          }
          i++;
          if (m.seq > (clock[m.slot] ?? 0n)) yield m;
        }
      },
    },
    endpoint,
  );
}

test.serial("a miner that breaks the lag rule and a supervisor without rules stop nobody: the others finish, and only the miner is closed", async (t) => {
  t.timeout(240_000);
  const net = new Network({ miners: ["minerA", "minerB", "minerC"], supervisors: SUPERVISORS, epochs: 12, stallBlocks: 60n });
  const daemons: Daemon[] = [];
  const relayed = new Set<string>();
  let bad: ServedHub | undefined;
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(150);
    for (const m of ["minerA", "minerB", "minerC"]) daemons.push(await net.miner(m, undefined, m === "minerA" ? "break-lag" : undefined));
    await net.giveData();
    await net.until(() => net.task.phase === Phase.PHASE_TRAINING, "Training");
    await (daemons[0] as Daemon).stop();
    bad = await lawless(net, "s0", relayed);
    const slotA = net.seats.find((s) => s.worker === net.address("minerA"))?.index as number;
    await net.until(() => net.task.phase > Phase.PHASE_TRAINING, "the end of Training", 180_000);
    for (const s of net.slots) {
      if (s.slot === slotA) t.is(s.status, SlotStatus.SLOT_CLOSED_LATE);
      else t.deepEqual([s.status, s.finalSeq], [SlotStatus.SLOT_OPEN, s.positions], `slot ${s.slot} did all its positions`);
    }
    t.true([...relayed].some((key) => key.startsWith(`${slotA}/`) && BigInt(key.split("/")[1] as string) >= FAULT_FROM), "what broke the rule was shown");
  } finally {
    await bad?.close();
    for (const d of daemons) await d.stop();
    net.close();
  }
});
