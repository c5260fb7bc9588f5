/** What every implementation of the bus does, as tests of ava: bus/compliance.test.ts runs them on each. */
import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { Counters } from "#net/counters.js";
import { refused } from "#net/errors.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { BusFrame, EvidenceReply, PushResidual } from "#proto/gen/pouw/v1/services.js";
import { attachSignBytes } from "./core/attach.js";
import type { DialledStream } from "./core/link.js";
import type { Bus, HubLimits, HubOptions, HubPeer, Link, LinkOptions, ServedHub, StoredMessage } from "./types.js";

export interface Implementation {
  readonly name: string;
  readonly bus: Bus;
  /** a fresh place to listen at */
  listen(): string;
  /** a stream on which the test says what it likes */
  dial(endpoint: string): Promise<DialledStream>;
}

const KEY = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const OTHER_KEY = sessionKeyFromSeed(new Uint8Array(32).fill(2));
const HUB = "pouw1hub";
const RESIDUAL = 12;
/** short, so that a test waits for none of them for long */
const LIMITS: HubLimits = { pendingPerAddress: 4, pendingTotal: 8, attachMs: 2_000, badAttaches: 8, badAttachMs: 400, stallMs: 300, faults: 3, faultMs: 1_500 };

const message = (slot: number, seq: number, mapBytes = 1): Iteration => ({ header: Uint8Array.of(slot, seq), map: new Uint8Array(mapBytes), signature: new Uint8Array(64) });
const stored = (slot: number, seq: number, mapBytes = 1): StoredMessage => ({ slot, seq: BigInt(seq), bytes: Iteration.encode(message(slot, seq, mapBytes)) });
const seqOf = (m: Iteration): number => m.header[1] as number;
const request = { residualHash: new Uint8Array(32), slot: 0, residual: true, peers: false, iteration: false, anchored: [] };

export async function until(done: () => boolean, what: string, ms = 8_000): Promise<void> {
  for (const end = Date.now() + ms; !done(); await new Promise((r) => setTimeout(r, 5))) if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
}
const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));

/** A hub over a log in memory, and what it was sent. Seats 0 and 1 are of two miners. */
class House {
  readonly log: StoredMessage[] = [];
  readonly got: Iteration[] = [];
  readonly pushed: PushResidual[] = [];
  readonly counters = new Counters();
  /** how many messages readers were given to send */
  given = 0;
  hold: Promise<void> | undefined;
  served!: ServedHub;
  private wakes: (() => void)[] = [];

  constructor(
    private readonly t: ExecutionContext,
    private readonly i: Implementation,
  ) {}

  async open(more: Partial<HubOptions> = {}, listen = this.i.listen()): Promise<this> {
    this.served = await this.i.bus.serve({ ...this.options(), ...more }, listen);
    const { served } = this;
    this.t.teardown(() => served.close());
    return this;
  }

  private options(): HubOptions {
    return {
      chainId: "test-1",
      address: HUB,
      crypto: nodeCrypto,
      timers: systemTimers,
      random: (n) => new Uint8Array(randomBytes(n)),
      counters: this.counters,
      limits: LIMITS,
      seat: async (task, role, index) => (task === 1n && role === Role.ROLE_MINER && index < 2 ? { worker: `miner${index}`, sessionKey: KEY.publicKey } : undefined),
      sizes: () => ({ residual: RESIDUAL, message: 1 << 20 }),
      clock: async () => [BigInt(this.got.length)],
      iteration: async (peer, m) => {
        this.got.push(m);
        await this.hold;
        peer.acknowledge(0, BigInt(this.got.length));
      },
      residual: async (_peer, push) => void this.pushed.push(push),
      follow: (_task, clock, signal) => this.follow(clock, signal),
    };
  }

  private async *follow(clock: readonly bigint[], signal: AbortSignal): AsyncGenerator<StoredMessage> {
    const wake = (): void => this.wakes.splice(0).forEach((go) => go());
    signal.addEventListener("abort", wake, { once: true });
    for (let at = Number(clock[0] ?? 0n); !signal.aborted; ) {
      const m = this.log[at];
      if (!m) await new Promise<void>((resolve) => this.wakes.push(resolve));
      else {
        at++;
        this.given++;
        yield m;
      }
    }
  }
  add(...ms: StoredMessage[]): void {
    this.log.push(...ms);
    this.wakes.splice(0).forEach((go) => go());
  }

  get endpoint(): string {
    return this.served.endpoint;
  }
  peer(worker = "miner0"): HubPeer | undefined {
    return this.served.hub.ofWorker(1n, worker)[0];
  }
  link(more: Partial<LinkOptions> = {}, subscribe = false): Link {
    const own = { taskId: 1n, role: Role.ROLE_MINER, index: 0, crypto: nodeCrypto, timers: systemTimers, sign: (m: Uint8Array) => KEY.sign(m), clock: () => [0n], iteration: async () => {} };
    const link = this.i.bus.link({ endpoint: this.endpoint, chainId: "test-1", supervisor: HUB, ...own, ...more }, subscribe);
    this.t.teardown(() => link.close());
    return link;
  }
  async attached(more: Partial<LinkOptions> = {}, subscribe = false): Promise<Link> {
    const link = this.link(more, subscribe);
    await until(() => link.connected && this.peer(`miner${more.index ?? 0}`) !== undefined, "the link");
    return link;
  }
  /** A stream that attaches by hand; frames are read only when the test reads them. */
  async byHand(subscribe = false): Promise<{ stream: DialledStream; frames: AsyncIterator<BusFrame> }> {
    const stream = await this.i.dial(this.endpoint);
    this.t.teardown(() => stream.hangUp());
    const frames = stream.frames[Symbol.asyncIterator]();
    const { value } = await frames.next();
    const seat = { taskId: 1n, role: Role.ROLE_MINER, index: 0 };
    stream.write({ attach: { ...seat, signature: KEY.sign(attachSignBytes(nodeCrypto, "test-1", seat, value.challenge.nonce, HUB)), clock: [], subscribe } });
    await frames.next();
    return { stream, frames };
  }
}

/** What a stream is told at its end. */
async function ending(stream: DialledStream): Promise<string> {
  try {
    for await (const frame of stream.frames) void frame;
    return "";
  } catch (e) {
    return (e as Error).message;
  }
}

export function compliance(i: Implementation): void {
  const say = (title: string, run: (t: ExecutionContext, house: House) => Promise<void>): void => {
    test.serial(`${i.name}: ${title}`, async (t) => run(t, new House(t, i)));
  };

  say("a link attaches by its session key, and reads the log from its clock, then live, in order", async (t, h) => {
    await h.open();
    h.add(stored(0, 1), stored(0, 2), stored(0, 3));
    const read: number[] = [];
    await h.attached({ clock: () => [1n], iteration: async (m) => void read.push(seqOf(m)) }, true);
    await until(() => read.length === 2, "what lies beyond the clock");
    h.add(stored(0, 4));
    await until(() => read.length === 3, "what is new");
    t.deepEqual(read, [2, 3, 4]);
  });

  say("what comes is what lies on disk, byte for byte", async (t, h) => {
    await h.open();
    const sent = [stored(0, 1, 0), stored(0, 2, 127), stored(0, 3, 128), stored(0, 4, 20_000), stored(0, 5, 300_000)];
    h.add(...sent);
    const read: Uint8Array[] = [];
    await h.attached({ iteration: async (m) => void read.push(Iteration.encode(m)) }, true);
    await until(() => read.length === sent.length, "all");
    t.true(read.every((bytes, at) => Buffer.from(bytes).equals((sent[at] as StoredMessage).bytes)));
  });

  say("another key, a signature for another hub, and a seat that nobody holds are refused, and told so", async (t, h) => {
    await h.open();
    const said: string[] = [];
    const broken = (e: Error): void => void said.push(e.message);
    const links = [h.link({ sign: (m) => OTHER_KEY.sign(m), broken }), h.link({ supervisor: "pouw1other", broken }), h.link({ index: 7, broken })];
    await until(() => said.length >= 3, "three refusals");
    t.regex(said.join("\n"), /not of the session key of seat 1\/0/);
    t.regex(said.join("\n"), /no joined seat 1\/7/);
    t.false(links.some((l) => l.connected));
    t.is(h.served.hub.ofTask(1n).length, 0);
    t.true(h.counters.of("attach-refused") >= 3);
  });

  say("an address that signs for seats of others has few signatures checked, and is let in again", async (t, h) => {
    let checks = 0;
    await h.open({ crypto: { ...nodeCrypto, verifyEd25519: (...a) => (checks++, nodeCrypto.verifyEd25519(...a)) } });
    const seat = { taskId: 1n, role: Role.ROLE_MINER, index: 0 };
    const why: string[] = [];
    for (let n = 0; n < 3 * LIMITS.badAttaches; n++) {
      const stream = await i.dial(h.endpoint);
      await stream.frames[Symbol.asyncIterator]().next();
      stream.write({ attach: { ...seat, signature: new Uint8Array(64), clock: [], subscribe: false } });
      why.push(await ending(stream));
    }
    t.true(checks < 2 * LIMITS.badAttaches, `${checks} checks`);
    t.regex(why.at(-1) as string, /signed for 8 seats that are not its own/);
    await h.attached();
  });

  say("an answer to one challenge is none to another", async (t, h) => {
    await h.open();
    const [one, two] = [await i.dial(h.endpoint), await i.dial(h.endpoint)];
    const nonce = (await one.frames[Symbol.asyncIterator]().next()).value.challenge.nonce;
    const seat = { taskId: 1n, role: Role.ROLE_MINER, index: 0 };
    two.write({ attach: { ...seat, signature: KEY.sign(attachSignBytes(nodeCrypto, "test-1", seat, nonce, HUB)), clock: [], subscribe: false } });
    t.regex(await ending(two), /not of the session key/);
    one.hangUp();
  });

  say("a hub whose messages are not signed is left, and tried again less and less often", async (t, h) => {
    await h.open();
    for (let n = 1; n <= 400; n++) h.add(stored(0, n));
    let read = 0;
    const why: string[] = [];
    h.link({ iteration: async () => (read++, "fault" as const), broken: (e) => why.push(e.message) }, true);
    await until(() => why.length >= 2, "two breaks");
    t.is(read, 32);
    t.regex(why[0] as string, /sent 16 messages that are malformed or not signed/);
  });

  say("a link answers so many requests a second, and no more", async (t, h) => {
    await h.open();
    let asked = 0;
    // its clock stands still: no request is given back
    await h.attached({ timers: { ...systemTimers, now: () => 0 }, evidence: async function* () { yield { residual: Uint8Array.of(++asked) }; } });
    const peer = h.peer() as HubPeer;
    const answered = (): Promise<boolean> => peer.ask({ ...request, seq: 1n }, () => {}, { silence: asked < 100 ? 5_000 : 200, total: 5_000 }).catch(() => false);
    for (let n = 0; n < 100; n++) await answered();
    t.is(asked, 100);
    t.false(await answered());
    t.is(asked, 100);
  });

  say("a link sends what the hub lacks, then what is new, and hears what is on disk", async (t, h) => {
    await h.open();
    h.got.push(message(0, 1));
    const acknowledged: bigint[] = [];
    await h.attached({
      async *outgoing(clock) {
        for (let seq = Number(clock[0]) + 1; seq <= 4; seq++) yield stored(0, seq);
      },
      acknowledged: (_slot, seq) => acknowledged.push(seq),
    });
    await until(() => acknowledged.at(-1) === 4n, "the last acknowledgement");
    t.deepEqual(h.got.map(seqOf), [1, 2, 3, 4]);
  });

  say("a hub takes one message at a time: a flood waits at its sender", async (t, h) => {
    await h.open();
    let release: () => void = () => {};
    h.hold = new Promise((resolve) => (release = resolve));
    let sent = 0;
    await h.attached({
      async *outgoing() {
        for (; sent < 2_000; ) {
          sent++;
          yield stored(0, sent % 200, 30_000);
        }
      },
    });
    await until(() => h.got.length === 1, "the first");
    await sleep(200);
    t.is(h.got.length, 1);
    t.true(sent < 400, `${sent} of 2000 left the sender`);
    release();
    await until(() => h.got.length === 2_000, "all of them", 20_000);
  });

  say("a reader that takes its time holds its stream back, and loses nothing", async (t, h) => {
    await h.open({ limits: { ...LIMITS, stallMs: 60_000 } });
    const all = Array.from({ length: 400 }, (_, at) => stored(0, at % 200, 30_000));
    h.add(...all);
    let release: () => void = () => {};
    const hold = new Promise<void>((resolve) => (release = resolve));
    let read = 0;
    await h.attached({ iteration: async () => (read++, hold) }, true);
    await until(() => read === 1, "the first");
    await sleep(200);
    t.true(h.given < 300, `${h.given} of 400 were taken from the log`);
    release();
    await until(() => read === 400, "all of them", 20_000);
  });

  say("a reader that does not read is cut off", async (t, h) => {
    await h.open();
    const { stream } = await h.byHand(true);
    h.add(...Array.from({ length: 400 }, (_, at) => stored(0, at % 200, 50_000)));
    await until(() => h.peer() === undefined, "its end", 20_000);
    t.is(h.counters.of("reader-stalled"), 1);
    stream.hangUp();
  });

  say("acknowledgements never wait: later ones take the place of earlier ones", async (t, h) => {
    await h.open();
    const heard = new Map<number, bigint>();
    let frames = 0;
    await h.attached({ acknowledged: (slot, seq) => (frames++, heard.set(slot, seq)) });
    for (let seq = 1n; seq <= 5_000n; seq++) for (const slot of [0, 1]) h.peer()?.acknowledge(slot, seq);
    await until(() => heard.get(0) === 5_000n && heard.get(1) === 5_000n, "the newest of both");
    t.true(frames < 1_000, `${frames} frames for 10,000 acknowledgements`);
  });

  say("evidence comes in parts, or is said to be missing; a part that is too much ends the matter", async (t, h) => {
    await h.open();
    await h.attached({
      async *evidence(r) {
        if (r.seq !== 2n) return;
        yield { residual: Uint8Array.of(1, 2) };
        yield { residual: Uint8Array.of(3), messages: [message(0, 9)] };
      },
    });
    const parts: number[] = [];
    const ask = (seq: bigint, take = (r: EvidenceReply) => void parts.push(...r.residual)) => (h.peer() as HubPeer).ask({ ...request, seq }, take, { silence: 2_000, total: 4_000 });
    t.true(await ask(2n));
    t.deepEqual(parts, [1, 2, 3]);
    t.false(await ask(3n));
    await t.throwsAsync(
      ask(2n, () => {
        throw new Error("more than was allowed");
      }),
      { message: "more than was allowed" },
    );
  });

  say("a peer is asked for four things at a time, two of which it answers at once; a silent one is given up", async (t, h) => {
    await h.open();
    let running = 0;
    let most = 0;
    await h.attached({
      // oxlint-disable-next-line require-yield -- it never answers
      async *evidence() {
        most = Math.max(most, ++running);
        await sleep(1_000);
        running--;
      },
    });
    const all = await Promise.all(Array.from({ length: 5 }, () => (h.peer() as HubPeer).ask({ ...request, seq: 1n }, () => {}, { silence: 200, total: 2_000 }).catch((e: Error) => e.message)));
    t.deepEqual(all.map((x) => /already/.test(String(x))), [false, false, false, false, true]);
    t.regex(String(all[0]), /did not answer in 200 ms/);
    t.is(most, 2);
  });

  say("an answer that trickles is given up at its end", async (t, h) => {
    await h.open();
    await h.attached({
      async *evidence() {
        for (;;) {
          yield { residual: new Uint8Array(1) };
          await sleep(50);
        }
      },
    });
    await t.throwsAsync((h.peer() as HubPeer).ask({ ...request, seq: 1n }, () => {}, { silence: 300, total: 600 }), { message: /did not finish in 600 ms/ });
  });

  say("who waits for evidence of a peer that goes is told", async (t, h) => {
    await h.open();
    const link = await h.attached({
      // oxlint-disable-next-line require-yield -- it never answers
      async *evidence() {
        await sleep(1_000);
      },
    });
    const asked = (h.peer() as HubPeer).ask({ ...request, seq: 1n }, () => {}, { silence: 5_000, total: 5_000 });
    void link.close();
    await t.throwsAsync(asked, { message: /miner0 is gone/ });
  });

  say("a residual is pushed; one of another length is a fault and goes no further", async (t, h) => {
    await h.open();
    const link = await h.attached();
    t.true(link.pushResidual({ slot: 0, seq: 1n, residual: new Uint8Array(RESIDUAL) }));
    await until(() => h.pushed.length === 1, "the residual");
    t.true(link.pushResidual({ slot: 0, seq: 1n, residual: new Uint8Array(RESIDUAL + 1) }));
    t.true(link.pushResidual({ slot: 0, seq: 1n, residual: new Uint8Array(0) }));
    await until(() => h.counters.of("bad-length") === 2, "both faults");
    t.is(h.pushed.length, 1);
    t.true(link.connected);
    t.false(link.pushResidual({ slot: 0, seq: 1n, residual: new Uint8Array(64 << 20) }), "no frame holds it: it is asked for");
  });

  say("a frame larger than any of the task's is refused by its length", async (t, h) => {
    await h.open();
    const { stream } = await h.byHand();
    stream.write({ pushResidual: { slot: 0, seq: 1n, residual: new Uint8Array(8 << 20) } });
    t.regex(await ending(stream), /larger than/i);
    t.is(h.pushed.length, 0);
  });

  say("before it has attached a caller sends small frames only, and Attach first", async (t, h) => {
    await h.open();
    const large = await i.dial(h.endpoint);
    large.write({ iteration: message(0, 1, 200_000) });
    t.regex(await ending(large), /larger than/i);
    const early = await i.dial(h.endpoint);
    early.write({ iteration: message(0, 1) });
    t.regex(await ending(early), /first frame must be Attach/);
    t.is(h.got.length, 0);
  });

  say("after it has attached a caller sends what a caller sends", async (t, h) => {
    await h.open();
    const { stream } = await h.byHand();
    stream.write({ attached: { clock: [] } });
    t.regex(await ending(stream), /a frame that only a hub sends/);
    t.is(h.counters.of("bad-frame"), 1);
  });

  say("streams that do not attach end by themselves, and keep no seat out", async (t, h) => {
    await h.open({ limits: { ...LIMITS, attachMs: 400 } });
    const said: string[] = [];
    const idle = await Promise.all(Array.from({ length: 12 }, () => i.dial(h.endpoint)));
    for (const s of idle) void ending(s).then((why) => said.push(why));
    await h.attached();
    await until(() => said.length === 12, "their ends");
    t.true(said.some((s) => /have not attached/.test(s)), "the oldest made way");
    t.true(said.some((s) => /no Attach in 400 ms/.test(s)), "the others had their time");
    t.not(h.peer(), undefined);
  });

  say("a seat's newest stream takes the place of the one before, which is told", async (t, h) => {
    await h.open();
    const first = await h.byHand();
    const told = first.frames.next().then(() => "nothing", (e: Error) => e.message);
    await h.byHand();
    t.regex(await told, /newest stream replaces/);
    t.is(h.served.hub.ofTask(1n).length, 1);
  });

  say("who is cut off is told why, and attaches again", async (t, h) => {
    await h.open();
    const said: string[] = [];
    await h.attached({ broken: (e) => said.push(e.message) });
    const peer = h.peer() as HubPeer;
    peer.cut(refused("because of this"));
    await until(() => said.length === 1, "the reason");
    t.regex(said[0] as string, /because of this/);
    t.true(peer.signal.aborted);
    await until(() => h.peer() !== undefined && h.peer() !== peer, "the next stream");
  });

  say("a worker that spends its faults is cut off, kept out for a while, and let in again; others stay", async (t, h) => {
    await h.open();
    const said: string[] = [];
    const link = await h.attached({ broken: (e) => said.push(e.message) });
    const other = await h.attached({ index: 1 });
    for (let n = 0; n < LIMITS.faults; n++) h.peer()?.fault("bad-signature");
    await until(() => said.length >= 2, "the reason, and a refusal");
    t.regex(said[0] as string, /too many faults, the last one: bad-signature/);
    t.regex(said[1] as string, /was cut off for its faults/);
    t.is(h.counters.of("bad-signature"), LIMITS.faults);
    t.is(h.counters.of("cut-off"), 1);
    await until(() => link.connected, "its return");
    t.true(other.connected);
    const again = h.peer() as HubPeer;
    let more = 0;
    for (; !again.signal.aborted && more < 9; more++) again.fault("bad-signature");
    t.true(more < LIMITS.faults, `${more} more: attaching again gave back what was spent`);
  });

  say("a link begins and ends reading as it is told, and keeps its seat", async (t, h) => {
    await h.open();
    h.add(stored(0, 1));
    let read = 0;
    const link = await h.attached({ iteration: async () => void read++ });
    await sleep(50);
    t.is(read, 0);
    link.subscribe(true);
    await until(() => read === 1, "the log");
    link.subscribe(false);
    await until(() => link.connected && h.peer() !== undefined, "the next stream");
    await sleep(50);
    h.add(stored(0, 2));
    await sleep(100);
    t.is(read, 1);
  });

  say("a link comes back after the hub did, and goes on from where both are", async (t, h) => {
    await h.open();
    h.add(stored(0, 1), stored(0, 2));
    const read: number[] = [];
    const link = await h.attached({ clock: () => [BigInt(read.length)], iteration: async (m) => void read.push(seqOf(m)) }, true);
    await until(() => read.length === 2, "the first session");
    const { endpoint } = h;
    await h.served.close();
    await until(() => !link.connected, "the break");
    h.add(stored(0, 3));
    await h.open({}, endpoint);
    await until(() => read.length === 3, "the second session");
    t.deepEqual(read, [1, 2, 3]);
  });

  say("a link that cannot attach tries less and less often", async (t, h) => {
    await h.open();
    const at: number[] = [];
    h.link({ index: 7, broken: () => at.push(performance.now()) });
    await until(() => at.length === 4, "four attempts");
    const waits = at.slice(1).map((x, n) => x - (at[n] as number));
    t.true((waits[0] as number) >= 190 && (waits[1] as number) >= 390 && (waits[2] as number) >= 790, waits.map(Math.round).join(", "));
  });

  say("a link that is closed stays away", async (t, h) => {
    await h.open();
    const link = await h.attached();
    await link.close();
    await until(() => h.peer() === undefined, "its end");
    await sleep(400);
    t.is(h.peer(), undefined);
  });
}
