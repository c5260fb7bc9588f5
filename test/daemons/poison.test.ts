/**
 * One bad supervisor of three, with a bad miner, harms nobody. Either the miner breaks the lag rule, and the supervisor logs
 * and relays whatever it is sent: honest miners apply, name and wait for none of it. Or the miner's messages go to that
 * supervisor alone, which shows them to the honest miner that reads it and answers who lacks them with forgeries: they are
 * had from the honest miner that named them. (What both did once: docs/attacks.md.)
 */
import "#platform/install.js";
import test from "ava";
import { type Bus, GrpcBus, type StoredMessage } from "#bus/index.js";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { FAULT_FROM } from "#miner/faults.js";
import { type Daemon, Network } from "./bench.js";
import { STAKE } from "./genesis.js";
import { lawless, type Lawless } from "./lawless.js";

const SUPERVISORS = ["s0", "s1", "s2"];
const MINERS = ["minerA", "minerB", "minerC"];

/** A group of three in which s0 goes bad once it trains; `judge` sees how Training ended. */
async function withBad(
  o: { forge: boolean; minerA(net: Network): Promise<Daemon> },
  judge: (net: Network, bad: Lawless) => void,
): Promise<void> {
  const net = new Network({ miners: MINERS, supervisors: SUPERVISORS, epochs: 12, stallBlocks: 60n });
  const daemons: Daemon[] = [];
  let bad: Lawless | undefined;
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(150);
    daemons.push(await o.minerA(net), await net.miner("minerB"), await net.miner("minerC"));
    await net.giveData();
    await net.until(() => net.task.phase === Phase.PHASE_TRAINING, "Training");
    await (daemons[0] as Daemon).stop();
    bad = await lawless(net, "s0", o);
    await net.until(() => net.task.phase > Phase.PHASE_TRAINING, "the end of Training", 180_000);
    judge(net, bad);
  } finally {
    await bad?.served.close();
    for (const d of daemons) await d.stop();
    net.close();
  }
}

const slotOf = (net: Network, miner: string): number => net.seats.find((s) => s.worker === net.address(miner))?.index as number;

test.serial("a miner that breaks the lag rule and a supervisor without rules stop nobody: the others finish, and only the miner is closed", async (t) => {
  t.timeout(240_000);
  await withBad({ forge: false, minerA: (net) => net.miner("minerA", undefined, "break-lag") }, (net, { relayed }) => {
    const slotA = slotOf(net, "minerA");
    for (const s of net.slots) {
      if (s.slot === slotA) t.is(s.status, SlotStatus.SLOT_CLOSED_LATE);
      else t.deepEqual([s.status, s.finalSeq], [SlotStatus.SLOT_OPEN, s.positions], `slot ${s.slot} did all its positions`);
    }
    t.true([...relayed].some((key) => key.startsWith(`${slotA}/`) && BigInt(key.split("/")[1] as string) >= FAULT_FROM), "what broke the rule was shown");
  });
});

/** From this seq on the bad miner sends to the bad supervisor alone, and answers nobody. */
const HIDDEN_FROM = 11n;

function hidingBus(net: Network, friend: string): Bus {
  const bus = new GrpcBus({ allowPrivate: true });
  async function* upTo(messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage> {
    for await (const m of messages) if (m.seq < HIDDEN_FROM) yield m;
  }
  async function* silence(): AsyncGenerator<never> {
    // nobody is answered
  }
  return {
    serve: (options, listen) => bus.serve(options, listen),
    link: (o, subscribe) =>
      bus.link(o.supervisor === net.address(friend) ? o : { ...o, evidence: silence, ...(o.outgoing ? { outgoing: (clock: readonly bigint[], signal: AbortSignal) => upTo(o.outgoing?.(clock, signal) ?? silence()) } : {}) }, subscribe),
  };
}

test.serial("a miner that sends to one bad supervisor alone, which forges for those who lack its messages, starves and costs nobody else", async (t) => {
  t.timeout(240_000);
  await withBad({ forge: true, minerA: (net) => net.miner("minerA", undefined, undefined, undefined, { bus: hidingBus(net, "s0") }) }, (net, { relayed, forged }) => {
    const slotA = slotOf(net, "minerA");
    for (const s of net.slots.filter((x) => x.slot !== slotA)) t.deepEqual([s.status, s.finalSeq], [SlotStatus.SLOT_OPEN, s.positions], `slot ${s.slot} did all its positions`);
    t.true([...relayed].some((key) => key.startsWith(`${slotA}/`) && BigInt(key.split("/")[1] as string) >= HIDDEN_FROM), "what was hidden was shown");
    t.true([...forged].some((key) => key.startsWith(`${slotA}/`)), "forgeries were served");
    const { test: c } = net.chain;
    for (const honest of ["minerB", "minerC", "s1", "s2"]) t.is(c.k.workers.get(c.ctx, net.address(honest))?.stake, STAKE, `${honest} lost nothing`);
  });
});
