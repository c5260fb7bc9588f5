import test from "ava";
import fc from "fast-check";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { attributesOf } from "#test/chain/chain.js";
import { Training, type TrainingOptions } from "#test/chain/training.js";
import { AUDITS_PER_BLOCK, shares } from "./audits.js";
import { drawnAudits } from "./store.js";

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

/** Three positions in ten are audited, and a block anchors all of the slot's thousand. */
const FLOOD: TrainingOptions = { slots: 1, positions: 1000, runAhead: 1000n, params: { work: { audit_ppm: 300_000, max_open_jobs: 1 }, supervision: { stall_blocks: "1000" } } };
const keepAlive = (w: Training) => w.anchorAll();

test("a flood of audits takes its turn block by block, claims are not kept out, and none is lost", (t) => {
  const w = new Training(FLOOD);
  const log = w.log(0);
  const claim = (seq: number) => w.send(MsgSubmitWork, { miner: w.address("miner0"), taskId: 1n, slot: 0, header: log.bytes(seq), headHeader: log.bytes(1000), proof: log.proof(seq, 1000) });
  w.block(() => w.anchorAll([log.head(1000)]));
  w.block(keepAlive);
  const perBlock: number[] = [];
  const seqs: string[] = [];
  for (let i = 0; i < 8; i++) {
    const events = w.block(() => {
      keepAlive(w);
      if (i === 2) t.deepEqual([claim(3), claim(4)], [undefined, "work/14"], "one claim may be open, beside any number of audits");
    });
    const drawn = attributesOf(events, "audit_drawn");
    perBlock.push(drawn.length);
    seqs.push(...drawn.map((e) => e.seq as string));
    t.is(w.k.work.settled(w.ctx, 1n), false);
  }
  t.deepEqual(perBlock.slice(0, 3), [64, 64, 64]);
  t.is(perBlock.at(-1), 0);
  t.is(new Set(seqs).size, seqs.length);
  t.deepEqual(seqs, seqs.toSorted((a, b) => Number(a) - Number(b)), "by ascending offset");
  t.is(w.k.work.totals(w.ctx, 1n).auditsDrawn, BigInt(seqs.length));
  t.true(seqs.length > 200);
});

test("what waits is dropped when its slot is convicted", (t) => {
  const w = new Training(FLOOD);
  w.block(() => w.anchorAll([w.log(0).head(1000)]));
  w.blocks(2, keepAlive);
  const job = w.k.work.openJobs(w.ctx)[0]?.id ?? 0n;
  w.block(keepAlive);
  w.block(keepAlive, Object.fromEntries([0, 1, 2, 3].map((i) => [i, [[job, VerdictCode.VERDICT_INVALID]]])));
  t.is(w.slot(0).state.kind, "fault");
  const before = w.k.work.openJobs(w.ctx).length;
  w.block(keepAlive);
  t.is(w.k.work.openJobs(w.ctx).length, before, "no more of a convicted slot");
});

test("audits that wait are exported and imported, and take the same turns from there", (t) => {
  const w = new Training(FLOOD);
  w.block(() => w.anchorAll([w.log(0).head(1000)]));
  w.blocks(3, keepAlive);
  const waiting = drawnAudits.list(w.ctx);
  t.true(waiting.length === 1 && (waiting[0]?.offsets.length ?? 0) > 64);
  const again = w.imported();
  t.deepEqual(again.dump(), w.dump());
  t.deepEqual(again.exported(), w.exported());
  for (let i = 0; i < 6; i++) {
    t.deepEqual(again.block(keepAlive), w.block(keepAlive));
    t.deepEqual(again.dump(), w.dump());
  }
  t.is(drawnAudits.list(again.ctx).length, 0);
});
