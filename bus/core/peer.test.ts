import { EventEmitter } from "node:events";
import test from "ava";
import type { BusFrame, EvidenceReply } from "#proto/gen/pouw/v1/services.js";
import { Counters } from "#net/counters.js";
import { systemTimers } from "#platform/clock.js";
import { FaultBudget } from "./faults.js";
import { Peer } from "./peer.js";
import type { Outgoing } from "./stream.js";

class Stream extends EventEmitter {
  readonly written: Partial<BusFrame>[] = [];
  readonly signal = new AbortController().signal;
  full = false;
  write(f: Outgoing): boolean {
    this.written.push(f as Partial<BusFrame>);
    return !this.full;
  }
  drained(): Promise<void> {
    return new Promise((resolve) => this.once("drain", resolve));
  }
  end(): void {}
}
const context = { timers: systemTimers, counters: new Counters(), budget: new FaultBudget(systemTimers, { faults: 2, faultMs: 1000 }), stallMs: 10_000 };
const peerOn = (stream: Stream) => new Peer({ taskId: 1n, role: 1, index: 0, worker: "miner" }, stream, context);
const request = { residualHash: new Uint8Array(0), slot: 0, seq: 1n, residual: true, peers: false, iteration: false, anchored: [] };
const tick = () => new Promise((r) => setImmediate(r));

test("while a peer does not read, acknowledgements wait as one for each slot", async (t) => {
  const stream = new Stream();
  const peer = peerOn(stream);
  stream.full = true;
  for (let seq = 1n; seq <= 1000n; seq++) for (const slot of [0, 1]) peer.acknowledge(slot, seq);
  await tick();
  t.is(stream.written.length, 1);
  stream.full = false;
  stream.emit("drain");
  await tick();
  t.deepEqual(stream.written.slice(1).map((f) => `${f.acknowledge?.slot}/${f.acknowledge?.seq}`).toSorted(), ["0/1000", "1/1000"]);
});

test("a peer is asked for a few things at a time, and one that says nothing is given up", async (t) => {
  const peer = peerOn(new Stream());
  const all = Array.from({ length: 5 }, () => peer.ask(request, () => {}, { silence: 20, total: 1000 }).catch((e: Error) => e.message));
  t.deepEqual((await Promise.all(all)).map((x) => /already/.test(String(x))), [false, false, false, false, true]);
  t.regex(String(await all[0]), /did not answer in 20 ms/);
});

test("parts keep a request alive, up to its end", async (t) => {
  const stream = new Stream();
  const peer = peerOn(stream);
  const asked = peer.ask(request, () => {}, { silence: 40, total: 120 }).catch((e: Error) => e.message);
  const id = stream.written[0]?.evidenceRequest?.id as bigint;
  const part: EvidenceReply = { id, residual: new Uint8Array(1), messages: [], missing: false, last: false };
  const drip = setInterval(() => peer.reply(part), 15);
  t.regex(String(await asked), /did not finish in 120 ms/);
  clearInterval(drip);
});
