/** What a miner keeps for those who may ask: as long as the chain has an open job, or could still queue one. */
import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { queryTask } from "#client/chain/task-view.js";
import { Database } from "#platform/level.js";
import { nodeCrypto } from "#platform/crypto.js";
import { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { ClientChain } from "#test/chain/client.js";
import { workErrors } from "#modules/work/errors.js";
import { Training } from "#test/chain/training.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { type ClaimEffect, Claims, NO_ROOM } from "./claims.js";
import { ResidualStore } from "./residuals.js";

test("a miner keeps the residual of every open job, however late it was queued, and prunes behind", async (t) => {
  const w = new Training({ slots: 1, positions: 1000, runAhead: 1000n, params: { supervision: { audit_request_window: "1000" } }, funds: { supervisor0: 1000n } });
  const chain = new ClientChain(w);
  const { parameters, spec } = w.task;
  const n = Number(parameters);
  const residuals = new ResidualStore(await Database.open(mkdtempSync(join(tmpdir(), "claims-"))), 1n, n, spec.profile);
  const { drawDelay, claimWindow } = w.k.work.params(w.ctx);
  const claims = new Claims(nodeCrypto, { taskId: 1n, flop: w.task.flop, slots: [0], drawDelay, claimWindow });
  /** Does what the machine's effects ask for; no iteration is known here, so that none can be lucky. */
  const block = async (view: TaskView): Promise<void> => {
    const effects: ClaimEffect[] = [];
    claims.onView(view, effects);
    for (let e = effects.shift(); e; e = effects.shift()) {
      if (e.do === "askAnchors") claims.onAnchors(e.slot, (await chain.query(SupervisionQuery.methods.anchors, { taskId: 1n, slot: e.slot })).value.heads, effects);
      else if (e.do === "askDraw") claims.onDraw(undefined, effects);
      else if (e.do === "pruneResiduals") await residuals.prune(e.slot, e.over);
      else t.fail(e.do);
    }
  };
  const begins = (seq: bigint) => residualSeqBefore(n, spec.profile, seq);
  const open = () => w.k.work.openJobs(w.ctx);
  const served = async () => {
    for (const { seq, head } of open()) if (begins(seq) > 0n) t.truthy(await residuals.get(0, begins(seq)), `block ${w.height}: seq ${seq} under the head at ${head.height}`);
  };

  let head = 0n;
  let asked: bigint | undefined;
  for (let b = 0; b < 220; b++) {
    const late = asked ?? 0n;
    const judged = open().filter((j) => j.seq !== late).map((j) => [j.id, VerdictCode.VERDICT_VALID] as const);
    w.block(() => {
      if (b % 5 > 0) return w.anchorAll();
      for (let i = 1n; i <= 4n; i++) void residuals.put(0, head + i, Uint8Array.of(Number((head + i) % 251n)));
      head += 4n;
      w.anchorAll([w.madeHead(0, head)]);
      if (b !== 80) return;
      // of what was anchored 80 blocks ago, so that the job stays open behind every window
      asked = [4n, 3n, 2n].find((seq) => w.k.work.auditOf(w.ctx, 1n, 0, seq) === undefined) as bigint;
      w.must(MsgRequestAudit, { supervisor: w.address("supervisor0"), taskId: 1n, slot: 0, seq: asked });
    }, { 0: judged, 1: judged, 2: judged, 3: judged });
    await block(await queryTask(chain, 1n));
    await served();
  }
  t.true(asked !== undefined && w.k.work.auditOf(w.ctx, 1n, 0, asked) !== undefined);
  t.true(w.of("job_lapsed").length === 2, "it was open for two verdict windows");
  t.is(await residuals.get(0, begins(asked as bigint)), undefined, "and goes when it has lapsed for good");
  t.truthy(await residuals.get(0, head));
});

test("a claim for which the chain has no room is sent again at the next blocks, until its window is over", (t) => {
  const claims = new Claims(nodeCrypto, { taskId: 1n, flop: 1n, slots: [0], drawDelay: 2n, claimWindow: 20n });
  const at = (height: bigint): ClaimEffect[] => {
    const effects: ClaimEffect[] = [];
    claims.onView({ height, slots: [] } as unknown as TaskView, effects);
    return effects;
  };
  const lucky = { slot: 0, seq: 5n, head: 9n, until: 30n };
  t.deepEqual([...NO_ROOM].sort(), [workErrors.tooManyJobs, workErrors.tooManyOfTask, workErrors.tooManyOfSlot].map((e) => `${e.codespace}/${e.code}`).sort());
  for (const refused of ["", "work/3", "sdk/19", undefined]) claims.onClaimed(lucky, refused);
  t.deepEqual(at(20n), []);
  for (const refused of NO_ROOM) {
    claims.onClaimed(lucky, refused);
    t.deepEqual(at(21n), [{ do: "claim", lucky, again: true }]);
    t.deepEqual(at(22n), [], "until it is known what became of that one");
  }
  claims.onClaimed(lucky, "work/14");
  t.deepEqual(at(30n), []);
});
