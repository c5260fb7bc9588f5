import "#platform/install.js";
import test from "ava";
import fc from "fast-check";
import { toBigInt } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { decodeBlockDataTx, encodeBlockDataTx, isBlockDataTx } from "../block-data.js";
import { auditOffsets, auditPpm, isLucky } from "../draws/lottery.js";
import { decodeVerdicts, encodeVerdicts, fitVerdicts, MAX_EXTENSION_BYTES } from "../verification/extension.js";
import { drawSeats, isqrt, type Candidate } from "../draws/match.js";
import { minersPayout } from "./payout.js";
import { regressionScore, standingScore } from "./scores.js";

const beacon = (n: number) => new Uint8Array(32).fill(n);

test("the miners' amounts never sum to more than their part, whoever ranks where", (t) => {
  const slot = fc.record({ metric: fc.option(fc.bigInt(-3n, 3n), { nil: undefined }), work: fc.bigInt(0n, 10n ** 12n) });
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 0, max: 1_000_000 }), fc.array(slot, { maxLength: 12 }), (part, share, slots) => {
      const amounts = minersPayout(part, share, slots);
      t.true(amounts.every((a) => a >= 0n));
      t.true(amounts.reduce((a, b) => a + b, 0n) <= part);
      slots.forEach((s, i) => s.work === 0n && t.is(amounts[i], 0n));
    }),
  );
});

test("a faulted slot has neither rank nor work and takes no place from the others", (t) => {
  const two = [{ metric: 5n, work: 10n }, { metric: 3n, work: 10n }];
  t.deepEqual(minersPayout(1000n, 300_000, [...two, { metric: undefined, work: 0n }]), [...minersPayout(1000n, 300_000, two), 0n]);
  t.deepEqual(minersPayout(1000n, 300_000, two), [550n, 450n]);
});

test("isqrt is exact", (t) => {
  fc.assert(fc.property(fc.bigInt(0n, 1n << 120n), (n) => t.true(isqrt(n) ** 2n <= n && (isqrt(n) + 1n) ** 2n > n)));
});

const candidate = (n: number, freeStake: bigint, seats = 10): Candidate => ({ address: new Uint8Array(20).fill(n), freeStake, seats, fit: 1_000_000n });

test("seats are drawn alike whatever the order of candidates, and nobody beyond stake or seats", (t) => {
  const pool = [candidate(1, 500n), candidate(2, 300n), candidate(3, 99n), candidate(4, 1000n, 2)];
  const draw = (candidates: Candidate[], count: number) => drawSeats(nodeCrypto, { beacon: beacon(1), taskId: 4n, role: 1, count, seatStake: 100n, candidates }).map((c) => c.address[0]);
  t.deepEqual(draw(pool, 6), draw([...pool].reverse(), 6));
  const all = draw(pool, 50);
  t.is(all.length, 5 + 3 + 2);
  t.deepEqual([1, 2, 3, 4].map((n) => all.filter((x) => x === n).length), [5, 3, 0, 2]);
});

test("the more free stake, the likelier the seat; stakes beyond 64 bits draw too", (t) => {
  for (const scale of [1n, 10n ** 18n]) {
    let first = 0;
    for (let i = 0; i < 400; i++) {
      const [c] = drawSeats(nodeCrypto, { beacon: beacon(i & 255), taskId: BigInt(i), role: 2, count: 1, seatStake: 1n, candidates: [candidate(1, 300n * scale), candidate(2, 100n * scale)] });
      if (c?.address[0] === 1) first++;
    }
    t.true(first > 260 && first < 340, `${first} of 400`);
  }
});

test("audits: ascending, distinct, below N, three a task expected", (t) => {
  t.is(auditPpm({ auditPpm: 5000 }, 100n), 30_000n);
  t.is(auditPpm({ auditPpm: 5000 }, 7n), 428_572n);
  t.is(auditPpm({ auditPpm: 5000 }, 100_000n), 5000n);
  let drawn = 0;
  for (let h = 0n; h < 400n; h++) {
    const offsets = auditOffsets(nodeCrypto, { beacon: beacon(3), taskId: 1n, slot: 2, height: h, count: 5n, ppm: 30_000n });
    drawn += offsets.length;
    offsets.forEach((o, i) => t.true(o >= 0n && o < 5n && (i === 0 || o > (offsets[i - 1] as bigint))));
  }
  t.true(drawn > 40 && drawn < 80, `${drawn} of 60 expected`);
  t.deepEqual(auditOffsets(nodeCrypto, { beacon: beacon(3), taskId: 1n, slot: 2, height: 1n, count: 0n, ppm: 1_000_000n }), []);
});

test("a draw wins below target × F, and the largest digest never does", (t) => {
  const draw = beacon(1);
  t.true(isLucky(draw, toBigInt(draw), 2n));
  t.false(isLucky(draw, toBigInt(draw), 1n));
  t.false(isLucky(beacon(255), (1n << 256n) - 1n, 10n));
});

test("verdicts: anything that is not a canonical list is an empty one", (t) => {
  const list = [{ job: 3n, code: 1, reason: 0 }, { job: 9n, code: 2, reason: 20 }];
  const bytes = encodeVerdicts(list);
  t.deepEqual(decodeVerdicts(bytes), list);
  for (const bad of [encodeVerdicts([...list].reverse()), encodeVerdicts([{ job: 1n, code: 6, reason: 0 }]), encodeVerdicts([{ job: 1n, code: 0, reason: 0 }]), Uint8Array.of(...bytes, 0), bytes.subarray(1), new Uint8Array(3000)]) {
    t.deepEqual(decodeVerdicts(bad), []);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (b) => t.notThrows(() => decodeVerdicts(b))));
  const many = Array.from({ length: 500 }, (_, i) => ({ job: (1n << 60n) + BigInt(i), code: 4, reason: 99999 }));
  const fitted = fitVerdicts(many);
  t.true(fitted.length <= MAX_EXTENSION_BYTES);
  t.true(decodeVerdicts(fitted).length > 90);
});

test("transaction 0 decodes to what was encoded, and no other bytes do", (t) => {
  const data = { beaconSignature: new Uint8Array(96).fill(4), votes: [{ extension: new Uint8Array(0), signature: new Uint8Array(0) }, { extension: Uint8Array.of(1, 2), signature: new Uint8Array(64).fill(2) }] };
  const bytes = encodeBlockDataTx(data);
  t.deepEqual(decodeBlockDataTx(bytes).votes.map((v) => v.extension.length), [0, 2]);
  t.true(isBlockDataTx(encodeBlockDataTx({ beaconSignature: new Uint8Array(0), votes: [] })));
  t.false(isBlockDataTx(Uint8Array.of(...bytes, 0x1a, 0)), "a signature");
  t.false(isBlockDataTx(bytes.subarray(0, bytes.length - 4)), "no fee");
  for (let i = 0; i < bytes.length; i++) {
    const cut = bytes.subarray(0, i);
    t.false(isBlockDataTx(cut));
  }
});

test("a score stands when more than half of all drawn revealed it", (t) => {
  const reveal = (score: bigint) => [{ slot: 0, score }];
  t.is(standingScore(0, 3, [reveal(5n), reveal(5n), reveal(4n)]), 5n);
  t.is(standingScore(0, 3, [reveal(5n)]), undefined);
  t.is(standingScore(0, 5, [reveal(5n), reveal(5n), reveal(4n)]), undefined);
  t.is(regressionScore(Float32Array.of(0.5, 1.5)), -1_000_000n);
  t.is(regressionScore(Float32Array.of(Number.NaN)), -(1n << 63n));
});
