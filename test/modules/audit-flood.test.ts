/**
 * Tasks whose seats are all one party's anchor what nobody ran, again and again. Audits of an honest group still come at
 * once or not at all: none reaches behind what its miners, its supervisors and the chain keep.
 */
import test from "ava";
import { MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { Training } from "#test/chain/training.js";

const HONEST_SLOTS = 20;
const FLOODERS = 6;
/** the largest run_ahead */
const FLOOD = 131_072n;

test("a flood of six tasks delays no honest audit by a block, and takes only its turns", (t) => {
  const w = new Training({
    slots: HONEST_SLOTS, positions: 100_000, runAhead: FLOOD, others: FLOODERS, otherPositions: 10_000_000,
    params: { work: { audit_ppm: 5000 }, supervision: { stall_blocks: "100000", supervisor_stall_blocks: "100000" } },
  });
  let honest = 0;
  let others = 0;
  let fewest = Infinity;
  let flood = 0n;
  let head = 0n;
  for (let b = 0; b < 65; b++) {
    const before = w.k.work.openJobs(w.ctx).at(-1)?.id ?? 0n;
    w.block(() => {
      // each honest slot 40 iterations a block, anchored every 5 blocks; the flooders all that run_ahead lets them
      if (b % 5 === 0) {
        head += 200n;
        w.anchorAll(Array.from({ length: HONEST_SLOTS }, (_, slot) => w.madeHead(slot, head)));
      }
      if (b % 30 === 0) {
        flood += FLOOD;
        for (let n = 0; n < FLOODERS; n++) w.anchorOther(BigInt(2 + n), flood);
      }
    });
    const queued = w.k.work.openJobs(w.ctx).filter((j) => j.id > before && j.kind === "audit" && !j.requeued);
    t.true(queued.length <= 64);
    for (const j of queued) t.is(j.createdHeight, j.head.height + 2n, "drawn and queued in one block");
    const own = queued.filter((j) => j.taskId === 1n).length;
    honest += own;
    others += queued.length - own;
    if (b % 30 === 2) fewest = Math.min(fewest, own);
  }
  t.true(fewest >= Math.floor(64 / (FLOODERS + 1)), `in a flooded block ${fewest} were the honest group's`);
  t.true(honest > 5 * others / FLOODERS, "a flooder has no more than its turns");
  t.log(`honest audits ${honest}, each flooder's ${Math.round(others / FLOODERS)}, fewest honest ones in a flooded block ${fewest}, longest wait 0 blocks`);
});

test("what an open job refers to is kept until it is decided, however late it was asked for, and goes then", (t) => {
  const w = new Training({ params: { supervision: { stall_blocks: "1000", audit_request_window: "1000" } }, funds: { supervisor0: 100n } });
  const log = w.log(0);
  const keepAlive = () => w.anchorAll();
  const kept = () => w.k.supervision.anchors(w.ctx, 1n, 0).map((a) => a.seq);
  w.block(() => w.anchorAll([log.head(4)]));
  const anchored = w.height;
  w.block(() => w.anchorAll([log.head(9)]));
  w.block(() => w.anchorAll([log.head(12)]));
  const judge = () => Object.fromEntries([0, 1, 2, 3].map((i) => [i, w.k.work.openJobs(w.ctx).map((j) => [j.id, VerdictCode.VERDICT_VALID] as const)]));
  while (w.height < anchored + 80n) w.block(keepAlive, judge());
  t.deepEqual([kept(), w.k.work.openJobs(w.ctx).length], [[4n, 9n, 12n], 0]);

  const free = [6n, 7n, 8n, 9n].find((seq) => w.k.work.auditOf(w.ctx, 1n, 0, seq) === undefined) as bigint;
  w.block(() => (keepAlive(), w.must(MsgRequestAudit, { supervisor: w.address("supervisor0"), taskId: 1n, slot: 0, seq: free })));
  w.blocks(50, keepAlive);
  t.deepEqual(kept(), [9n, 12n], "of three advances out of every window the one with an open job and what came after it");
  const head = w.k.work.openJobs(w.ctx)[0]?.head;
  t.is(head?.seq, 9n);
  t.deepEqual(head && w.k.supervision.attesters(w.ctx, 1n, 0, head), [0, 1, 2], "whom UNSERVED would slash");
  // What forgotten advances covered is not covered by those that are left: a second draw would be a second ticket.
  t.deepEqual([3n, 4n, 5n, 9n, 10n].map((seq) => w.k.supervision.firstAtOrAbove(w.ctx, 1n, 0, seq)?.seq), [undefined, undefined, 9n, 9n, 12n]);

  w.block(keepAlive, judge());
  w.block(keepAlive);
  t.deepEqual([kept(), head && w.k.supervision.attesters(w.ctx, 1n, 0, head)], [[], []]);
  t.is(w.headSeq(0), 12n);
  t.deepEqual(w.slashes.filter((s) => s.role === Role.ROLE_SUPERVISOR), []);
});

test("an iteration whose draw is over is not drawn again when its slot moves after a long pause", (t) => {
  const w = new Training({ params: { supervision: { stall_blocks: "1000" } } });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(9)]));
  w.blocks(90, () => w.anchorAll());
  w.block(() => w.anchorAll([log.head(12)]));
  const first = (seq: bigint) => w.k.supervision.firstAtOrAbove(w.ctx, 1n, 0, seq)?.seq;
  t.deepEqual([3n, 9n, 10n, 12n].map(first), [undefined, undefined, 12n, 12n]);
});
