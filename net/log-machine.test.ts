import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { headSignBytes } from "#protocol/log/header.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { LogMachine, type MachineOptions } from "./log-machine.js";

const keys = [0, 1].map((i) => sessionKeyFromSeed(new Uint8Array(32).fill(i + 1)));

const EMPTY = Uint8Array.of(0);
function message(slot: number, seq: bigint, clock: bigint[], change: Partial<Header> = {}, by = slot): Iteration {
  const header = Header.encode(Header.create({ version: 1, chainId: "c-1", taskId: 1n, slot, seq, clock, height: 5n, mapHash: nodeCrypto.sha256(EMPTY), ...change }));
  const signature = (keys[by] as (typeof keys)[number]).sign(headSignBytes(nodeCrypto, { chainId: "c-1", taskId: 1n, slot, seq, headerHash: nodeCrypto.sha256(header) }));
  return { header, map: EMPTY, signature };
}

function machine(o: Partial<MachineOptions> = {}) {
  const logged = new Map<string, Uint8Array>();
  const m = new LogMachine({
    chainId: "c-1",
    taskId: 1n,
    slots: 2,
    positions: () => 9n,
    heads: [0n, 0n],
    sessionKey: (slot) => keys[slot]?.publicKey,
    logged: (slot, seq) => logged.get(`${slot}/${seq}`),
    check: () => undefined,
    ...o,
  });
  m.setHeight(10n);
  const drain = (): string[] =>
    [...m.ready()].map((r) => {
      const { header, hash } = "accepted" in r ? r.accepted : r.broken;
      if ("accepted" in r) logged.set(`${header.slot}/${header.seq}`, hash);
      return `${"accepted" in r ? "" : "!"}${header.slot}/${header.seq}`;
    });
  return { m, drain };
}

test("messages come out in causal order, whatever order they came in", (t) => {
  const { m, drain } = machine();
  const all = [message(0, 2n, [1n, 1n]), message(1, 2n, [2n, 1n]), message(1, 1n, [1n, 0n]), message(0, 1n, [0n, 0n])];
  for (const x of all.slice(0, 3)) {
    t.is(m.receive(x).kind, "held");
    t.deepEqual(drain(), []);
  }
  t.deepEqual(m.clock(), [0n, 2n], "held-back messages count as had, as far as none is missing before them");
  t.deepEqual(m.newestHeld(0), all[0]);
  t.deepEqual(m.gaps().map((g) => `${g.slot}/${g.seq}`), ["0/1"]);
  m.receive(all[3] as Iteration);
  t.deepEqual(drain(), ["0/1", "1/1", "0/2", "1/2"]);
  t.is(m.receive(all[0] as Iteration).kind, "duplicate");
});

test("a header is held until the block that it names is applied", (t) => {
  const { m, drain } = machine();
  m.receive(message(0, 1n, [0n, 0n], { height: 12n }));
  t.deepEqual(drain(), []);
  m.setHeight(12n);
  t.deepEqual(drain(), ["0/1"]);
});

test("what another key signed, and what is for another chain or slot, is refused", (t) => {
  const { m, drain } = machine();
  t.is(m.receive(message(0, 1n, [0n, 0n], {}, 1)).kind, "refused");
  t.is(m.receive(message(0, 1n, [0n, 0n], { chainId: "c-2" })).kind, "refused");
  t.is(m.receive(message(0, 1n, [0n])).kind, "refused");
  const good = message(0, 1n, [0n, 0n]);
  t.is(m.receive({ ...good, header: Buffer.concat([good.header, Buffer.from([0xa0, 0x06, 1])]) }).kind, "refused", "an unknown field is not canonical");
  t.deepEqual(drain(), []);
});

test("two signed headers at one seq are equivocation, whether the first is held or logged", (t) => {
  const { m, drain } = machine();
  m.receive(message(0, 1n, [0n, 0n]));
  const other = m.receive(message(0, 1n, [0n, 0n], { loss: 7 }));
  t.is(other.kind, "equivocation");
  t.truthy(other.kind === "equivocation" && other.first);
  t.deepEqual(drain(), ["0/1"]);
  const late = m.receive(message(0, 1n, [0n, 0n], { loss: 8 }));
  t.true(late.kind === "equivocation" && late.first === undefined);
  t.is(m.receive(message(0, 1n, [0n, 0n], { loss: 9 }, 1)).kind, "refused", "without the slot's signature nothing is proven");
});

test("what breaks a rule is not logged, and nothing after it is", (t) => {
  const { m, drain } = machine({ check: ({ header }) => (header.seq === 2n ? "broken" : undefined) });
  for (const x of [message(0, 1n, [0n, 0n]), message(0, 2n, [1n, 0n]), message(0, 3n, [2n, 0n])]) m.receive(x);
  t.deepEqual(drain(), ["0/1", "!0/2"]);
  t.deepEqual(drain(), []);
});

test("nobody waits for a slot above where it was closed for a fault, and its messages above are refused", (t) => {
  const { m, drain } = machine({ ceiling: (slot) => (slot === 1 ? 0n : undefined) });
  t.is(m.receive(message(1, 1n, [0n, 0n])).kind, "refused");
  m.receive(message(0, 1n, [0n, 3n]));
  t.deepEqual(drain(), ["0/1"]);
});

test("what is held back for one slot is bounded, yet its next message is always taken", (t) => {
  const { m, drain } = machine({ maxHeldBytes: 1000 });
  const kinds = [2n, 3n, 4n, 5n].map((seq) => m.receive(message(0, seq, [seq - 1n, 0n])).kind);
  t.true(kinds.includes("refused"));
  t.is(m.receive(message(0, 1n, [0n, 0n])).kind, "held");
  t.is(drain()[0], "0/1");
});

test("a right header with another map is refused and forgotten: the message itself is taken afterwards", (t) => {
  const { m, drain } = machine();
  const honest = message(0, 1n, [0n, 0n]);
  const altered = m.receive({ ...honest, map: Uint8Array.of(1, 0, 0) });
  t.regex(altered.kind === "refused" ? altered.why : "", /map of another hash/);
  t.deepEqual(drain(), []);
  t.is(m.receive(honest).kind, "held");
  t.deepEqual(drain(), ["0/1"]);
});

test("a header beyond the positions, or naming what is beyond them, is refused and leaves no gap", (t) => {
  const { m } = machine();
  for (const [slot, seq, clock] of [[1, 7n, [1n << 60n, 6n]], [1, 10n, [0n, 9n]], [1, 7n, [0n, 3n]], [0, 1n, [0n, 10n]]] as const) {
    t.is(m.receive(message(slot, seq, [...clock])).kind, "refused", `${slot}/${seq} [${clock}]`);
  }
  t.deepEqual(m.gaps(), []);
  t.is(m.receive(message(1, 7n, [9n, 6n])).kind, "held");
  t.deepEqual(m.clock(), [0n, 0n], "1 … 6 are missing: they are to be sent");
});
