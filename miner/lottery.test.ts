import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { faultFromEnvironment } from "./faults.js";
import { Advances, luckyOf } from "./lottery.js";

const head = (height: bigint, seq: bigint) => ({ height, seq, hash: nodeCrypto.sha256(Uint8Array.of(Number(seq))) });

test("an advance covers what is above the head before it, and is drawn D blocks later, once", (t) => {
  const a = new Advances();
  a.note(0, [head(10n, 4n), head(15n, 9n)]);
  a.note(0, [head(10n, 4n), head(15n, 9n)]);
  t.deepEqual(a.drawn(11n, 2n), []);
  t.deepEqual(a.drawn(12n, 2n), [{ slot: 0, from: 1n, to: 4n, height: 10n }]);
  t.deepEqual(a.drawn(20n, 2n), [{ slot: 0, from: 5n, to: 9n, height: 15n }]);
  t.deepEqual(a.drawn(30n, 2n), []);
});

test("with the largest target all are lucky, with none nobody is", (t) => {
  const hashes = new Uint8Array(Buffer.concat([1, 2, 3].map((seq) => nodeCrypto.sha256(Uint8Array.of(seq)))));
  const d = { taskId: 1n, beacon: new Uint8Array(32), flop: 100n };
  t.deepEqual(luckyOf(nodeCrypto, 0, 5n, hashes, { ...d, target: (1n << 256n) - 1n }), [5n, 6n, 7n]);
  t.deepEqual(luckyOf(nodeCrypto, 0, 5n, hashes, { ...d, target: 0n }), []);
});

test("a fault needs the test build and a known name", (t) => {
  t.is(faultFromEnvironment({}), undefined);
  t.is(faultFromEnvironment({ POUWD_TEST_BUILD: "1", POUWD_FAULT: "alter-map" }), "alter-map");
  t.throws(() => faultFromEnvironment({ POUWD_FAULT: "alter-map" }), { message: /POUWD_TEST_BUILD/ });
  t.throws(() => faultFromEnvironment({ POUWD_TEST_BUILD: "1", POUWD_FAULT: "x" }), { message: /want one of/ });
});
