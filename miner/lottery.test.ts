import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { LogTree, verifyInclusion } from "#protocol/log/log-root.js";
import { faultFromEnvironment } from "./faults.js";
import { Advances, inclusionProof, luckyOf } from "./lottery.js";

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
  const a = { slot: 0, from: 1n, to: 3n, height: 1n };
  const d = { taskId: 1n, beacon: new Uint8Array(32), flop: 100n, hash: (_: number, seq: bigint) => nodeCrypto.sha256(Uint8Array.of(Number(seq))) };
  t.deepEqual(luckyOf(a, { ...d, target: (1n << 256n) - 1n }), [1n, 2n, 3n]);
  t.deepEqual(luckyOf(a, { ...d, target: 0n }), []);
});

test("the proof shows a header in the log_root of its head, and no other header", (t) => {
  const hashes = Array.from({ length: 9 }, (_, i) => nodeCrypto.sha256(Uint8Array.of(i)));
  const tree = new LogTree(nodeCrypto);
  for (const h of hashes.slice(0, 8)) tree.append(h);
  const proof = inclusionProof(hashes, 3n, 9n);
  t.true(verifyInclusion(nodeCrypto, tree.root(), 8n, 2n, hashes[2] as Uint8Array, proof));
  t.false(verifyInclusion(nodeCrypto, tree.root(), 8n, 2n, hashes[3] as Uint8Array, proof));
  t.deepEqual(inclusionProof(hashes, 9n, 9n), []);
});

test("a fault needs the test build and a known name", (t) => {
  t.is(faultFromEnvironment({}), undefined);
  t.is(faultFromEnvironment({ POUWD_TEST_BUILD: "1", POUWD_FAULT: "alter-map" }), "alter-map");
  t.throws(() => faultFromEnvironment({ POUWD_FAULT: "alter-map" }), { message: /POUWD_TEST_BUILD/ });
  t.throws(() => faultFromEnvironment({ POUWD_TEST_BUILD: "1", POUWD_FAULT: "x" }), { message: /want one of/ });
});
