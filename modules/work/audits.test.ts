import test from "ava";
import fc from "fast-check";
import { World, ofType } from "#test/modules/world.js";
import { VerdictCode } from "#proto/gen/pouw.js";
import { AUDITS_PER_BLOCK, shares } from "./audits.js";

test("audits that wait are shared out evenly, all of them when there is room", (t) => {
  t.deepEqual([...shares(new Map([[1n, 3], [2n, 5]]), 7n)], [[1n, 3], [2n, 5]]);
  t.deepEqual([...shares(new Map([[1n, 80_000], [2n, 5]]), 7n)], [[1n, 59], [2n, 5]]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.bigInt(1n, 500n), { maxLength: 200 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 200, maxLength: 200 }), fc.bigInt(0n, 1000n), (ids, counts, height) => {
      const waiting = new Map(ids.map((id, i) => [id, counts[i] as number]));
      const got = shares(waiting, height);
      const total = [...waiting.values()].reduce((a, b) => a + b, 0);
      t.is([...got.values()].reduce((a, b) => a + b, 0), Math.min(total, AUDITS_PER_BLOCK));
      for (const [id, n] of got) t.true(n >= 0 && n <= (waiting.get(id) as number));
      // Who gets less than another has got all that it has, but for one that was left over.
      for (const id of ids) if ((got.get(id) ?? 0) < (waiting.get(id) as number)) for (const other of ids) t.true((got.get(other) ?? 0) <= (got.get(id) ?? 0) + 1);
      return true;
    }),
    { numRuns: 100 },
  );
});

test("with more tasks than places every task has its turn", (t) => {
  const waiting = new Map(Array.from({ length: 100 }, (_, i) => [BigInt(i), 10] as const));
  const served = new Set<bigint>();
  for (let h = 0n; h < 100n; h++) for (const [id, n] of shares(waiting, h)) if (n > 0) served.add(id);
  t.is(served.size, 100);
});

test("a flood of audits takes its turn block by block, claims are not kept out, and none is lost", (t) => {
  // Three positions in ten are audited: 300 audits of one advance.
  const w = new World({ slots: 1, positions: 1000, runAhead: 1000n, params: { auditPpm: 300_000, maxOpenJobs: 1, stallBlocks: 1000n } });
  const keepAlive = () => w.anchorAll();
  w.block(() => w.anchorAll([w.log(0).head(1000)]));
  w.block(keepAlive);
  const perBlock: number[] = [];
  const seqs: string[] = [];
  for (let i = 0; i < 8; i++) {
    const drawn = ofType(w.block(keepAlive), "audit_drawn");
    perBlock.push(drawn.length);
    seqs.push(...drawn.map((e) => e.seq as string));
    t.is(w.work.keeper.settled(w.ctx(), 1n), false);
  }
  t.deepEqual(perBlock.slice(0, 3), [64, 64, 64]);
  t.is(perBlock.at(-1), 0);
  t.is(new Set(seqs).size, seqs.length);
  t.deepEqual(seqs, seqs.toSorted((a, b) => Number(a) - Number(b)), "by ascending offset");
  t.is(w.work.keeper.totals(w.ctx(), 1n).auditsDrawn, BigInt(seqs.length));
  t.true(seqs.length > 200);
});

test("what waits is dropped when its slot is convicted", (t) => {
  const w = new World({ slots: 1, positions: 1000, runAhead: 1000n, params: { auditPpm: 300_000, stallBlocks: 1000n } });
  const keepAlive = () => w.anchorAll();
  w.block(() => w.anchorAll([w.log(0).head(1000)]));
  w.blocks(2, keepAlive);
  const job = w.work.keeper.openJobs(w.ctx())[0]?.id ?? 0n;
  const bad = [[job, VerdictCode.VERDICT_INVALID]] as [bigint, VerdictCode][];
  w.block(keepAlive);
  w.block(keepAlive, { 0: bad, 1: bad, 2: bad, 3: bad });
  const before = w.work.keeper.openJobs(w.ctx()).length;
  w.block(keepAlive);
  t.is(w.work.keeper.openJobs(w.ctx()).length, before, "no more of a convicted slot");
});
