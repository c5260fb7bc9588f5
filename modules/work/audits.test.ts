import test from "ava";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { attributesOf } from "#test/chain/chain.js";
import { Training, type TrainingOptions } from "#test/chain/training.js";

/** Three positions in ten are audited, and a block anchors all of the slot's thousand. */
const FLOOD: TrainingOptions = { slots: 1, positions: 1000, runAhead: 1000n, params: { work: { audit_ppm: 300_000, max_open_jobs: 1 }, supervision: { stall_blocks: "1000" } } };
const keepAlive = (w: Training) => w.anchorAll();
const open = (w: Training) => w.k.work.openJobs(w.ctx);

/** A chain in the block that draws the audits of a flood; 300 are due. */
function drawn(change: TrainingOptions["params"] = {}) {
  const w = new Training({ ...FLOOD, params: { ...FLOOD.params, work: { ...FLOOD.params?.work, ...change.work } } });
  w.block(() => w.anchorAll([w.log(0).head(1000)]));
  w.block(keepAlive);
  return { w, events: w.block(keepAlive) };
}

test("a block queues at most max_audits; what is left over is dropped, and keeps no claim out", (t) => {
  const { w, events } = drawn();
  const log = w.log(0);
  t.is(attributesOf(events, "audit_drawn").length, 64);
  t.is(new Set(open(w).map((j) => j.seq)).size, 64);
  t.is(w.k.work.totals(w.ctx, 1n).auditsDrawn, 64n);
  const claim = (seq: number) => w.send(MsgSubmitWork, { miner: w.address("miner0"), taskId: 1n, slot: 0, header: log.bytes(seq), headHeader: log.bytes(1000), proof: log.proof(seq, 1000) });
  w.block(() => {
    keepAlive(w);
    t.deepEqual([claim(3), claim(4)], [undefined, "work/14"], "one claim may be open, beside any number of audits");
  });
  for (let i = 0; i < 5; i++) t.is(attributesOf(w.block(keepAlive), "audit_drawn").length, 0, "there is no backlog");
  t.is(open(w).length, 65);
});

test("what re-running them takes is bounded as well, but for one audit", (t) => {
  const { flop } = new Training(FLOOD).task;
  const count = (auditFlop: bigint) => open(drawn({ work: { audit_flop: `${auditFlop}` } }).w).length;
  t.deepEqual([1n, flop, 2n * flop - 1n, 2n * flop, 10n * flop].map(count), [1, 1, 1, 2, 10]);
});

test("nothing is drawn of a slot that was convicted after it anchored", (t) => {
  const w = new Training(FLOOD);
  w.block(() => w.anchorAll([w.log(0).head(10)]));
  w.blocks(2, keepAlive);
  const job = open(w)[0]?.id ?? 0n;
  w.block(() => w.anchorAll([w.log(0).head(1000)]));
  w.block(keepAlive, Object.fromEntries([0, 1, 2, 3].map((i) => [i, [[job, VerdictCode.VERDICT_INVALID]]])));
  t.is(w.slot(0).state.kind, "fault");
  const before = open(w).length;
  w.block(keepAlive);
  t.is(open(w).length, before);
});
