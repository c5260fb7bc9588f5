import "#platform/install.js";
import test, { type ExecutionContext } from "ava";
import { notFound } from "#net/index.js";
import { reasonNumber } from "#protocol/verification/reasons.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type Conduct, Recording, type Supervisor } from "#test/daemons/recorded.js";
import { judge, type Judgement } from "./judge.js";
import { Stalls } from "./stalls.js";
import { TaskWork } from "./task.js";

const stalls = new Stalls();
const options = { signal: new AbortController().signal, stalls, retryMs: 50 };

/** A task's work, closed with the test. */
function workOf(t: ExecutionContext, r: Recording): TaskWork {
  const work = new TaskWork(r.request(1, 1n, []), { allowPrivate: true, hedgeMs: 200 });
  t.teardown(() => work.close());
  return work;
}

/** The verdict on (slot, seq) where these supervisors serve. */
async function verdictOn(t: ExecutionContext, r: Recording, work: TaskWork, slot: number, seq: bigint, conducts: readonly Conduct[], more: Partial<VerifyRequest> = {}): Promise<Judgement> {
  const supervisors: Supervisor[] = [];
  for (const c of conducts) supervisors.push(await r.supervisor(c));
  try {
    return await judge(work, r.request(slot, seq, supervisors.map((s) => s.endpoint), more), options);
  } finally {
    for (const s of supervisors) await s.close();
  }
}

test.serial("an honest iteration is VALID by what one supervisor serves", async (t) => {
  const r = await Recording.train(3);
  const work = workOf(t, r);
  for (const seq of [1n, 3n]) t.like(await verdictOn(t, r, work, 1, seq, [{}]), { code: VerdictCode.VERDICT_VALID });
});

test.serial("supervisors that accept calls and keep silent cost their head start, and no verdict", async (t) => {
  const r = await Recording.train(3);
  const silent = { silent: ["range", "blob", "residual", "peers"] };
  const started = performance.now();
  const verdict = await verdictOn(t, r, workOf(t, r), 1, 3n, [silent, silent, {}], { evidenceTimeoutMs: 20_000n });
  t.like(verdict, { code: VerdictCode.VERDICT_VALID });
  t.true(performance.now() - started < 5_000);
});

test.serial("what nobody serves in time is a verdict against who has to serve it", async (t) => {
  const r = await Recording.train(3);
  const timed = { evidenceTimeoutMs: 500n };
  const none = new Map<string, Iteration>();
  const work = workOf(t, r);
  t.like(await verdictOn(t, r, work, 1, 3n, [{ log: none }], timed), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_header") });
  t.like(await verdictOn(t, r, work, 1, 3n, [{ silent: ["range"] }], timed), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_header") });
  t.like(await verdictOn(t, r, work, 1, 3n, [{ blob: () => undefined }], timed), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_batch") });
  const withheld = { residual: async () => Promise.reject(notFound("the miner did not serve it")) };
  t.like(await verdictOn(t, r, work, 1, 3n, [withheld], timed), { code: VerdictCode.VERDICT_NO_RESIDUAL });
  t.like(await verdictOn(t, r, work, 1, 3n, [{ residual: async () => Uint8Array.of(1) }, {}]), { code: VerdictCode.VERDICT_VALID }, "a residual of another hash is not it");
});

test.serial("the honest victim of a fork is VOID whoever of its supervisors is bad, and in whatever order they stand", async (t) => {
  const r = await Recording.train(4, { forkAt: 3 });
  const logged = r.log.get("0/3") as Iteration;
  const shown = r.seenByOne.get("0/3") as Iteration;
  // the forger goes on forging for the bad supervisor: an earlier fork, which nobody was shown
  const earlier = r.changed(0, 2n, { overdrive: 9 });
  const conducts: Record<string, Conduct> = {
    empty: { async *peers() {} },
    padded: {
      async *peers() {
        yield logged;
      },
    },
    spoiling: {
      async *peers() {
        yield earlier;
        yield shown;
      },
    },
    silent: { silent: ["peers"] },
  };
  const work = workOf(t, r);
  for (const [name, bad] of Object.entries(conducts)) {
    for (const list of [[bad, {}, {}], [{}, bad, {}]]) {
      const verdict = await verdictOn(t, r, work, 1, 4n, list);
      t.like(verdict, { code: VerdictCode.VERDICT_VOID, reason: reasonNumber("other_log") }, name);
      t.is(verdict.equivocation?.slot, 0);
    }
  }
  t.like(await verdictOn(t, r, work, 1, 3n, [{}]), { code: VerdictCode.VERDICT_VALID }, "what one job grafted is not another's state");
});

test.serial("messages that a supervisor serves only after a while are waited for", async (t) => {
  const r = await Recording.train(4, { forkAt: 3 });
  let asked = 0;
  const late: Conduct = {
    async *peers() {
      if (++asked < 3) throw notFound("the miner is not attached");
      yield* r.peersOfOne(4n);
    },
  };
  const verdict = await verdictOn(t, r, workOf(t, r), 1, 4n, [{ async *peers() {} }, late]);
  t.like(verdict, { code: VerdictCode.VERDICT_VOID });
});

test.serial("a state that agrees with nobody's messages is INVALID where most supervisors relay them, and NO_RESIDUAL where only few claim to", async (t) => {
  const forged = await Recording.train(3);
  forged.log.set("1/3", forged.changed(1, 3n, { modelDigest: new Uint8Array(32).fill(1) }));
  const withheld: Conduct = {
    // oxlint-disable-next-line require-yield
    async *peers() {
      throw notFound("the miner did not serve them");
    },
  };
  const work = workOf(t, forged);
  t.like(await verdictOn(t, forged, work, 1, 3n, [{}, {}, {}]), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("model_digest") });
  t.like(await verdictOn(t, forged, work, 1, 3n, [withheld, withheld, {}], { evidenceTimeoutMs: 500n }), { code: VerdictCode.VERDICT_NO_RESIDUAL });
});

test.serial("a re-run elsewhere on this machine is not the miner's silence: after a stall the residual is asked for again", async (t) => {
  const r = await Recording.train(3);
  const residual = r.residuals.get("1/2") as Uint8Array;
  let asked = 0;
  const slow: Conduct = {
    residual: async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (++asked > 1) return residual;
      // this process stands still for longer than all the time that the miner has
      const until = performance.now() + 1_500;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return residual;
    },
  };
  const verdict = await verdictOn(t, r, workOf(t, r), 1, 3n, [slow], { evidenceTimeoutMs: 1_000n });
  t.like(verdict, { code: VerdictCode.VERDICT_VALID });
});

test.serial("a job holds its own batches, and one that the re-run still misses is no verdict", async (t) => {
  const r = await Recording.train(2);
  const s = await r.supervisor();
  const request = r.request(1, 2n, [s.endpoint]);
  const work = new TaskWork(request, { allowPrivate: true });
  t.teardown(async () => {
    await work.close();
    await s.close();
  });
  const without = { spec: work.spec, plan: work.plan, header: work.header.bind(work), ensure: work.ensure.bind(work), batch: work.batch.bind(work), residual: work.residual.bind(work), peersFrom: work.peersFrom.bind(work) };
  const lacking = { ...without, run: ((input, progress) => work.run({ ...input, batches: new Map() }, progress)) as TaskWork["run"] };
  await t.throwsAsync(judge(lacking, request, options), { message: /asks for a batch/ });
  t.like(await judge(work, request, options), { code: VerdictCode.VERDICT_VALID });
});

test.serial("a failure of this process is no verdict", async (t) => {
  const r = await Recording.train(2);
  const s = await r.supervisor();
  const request = r.request(1, 2n, [s.endpoint]);
  const work = new TaskWork(request, { allowPrivate: true });
  const broken = new Proxy(work, { get: (w, k) => (k === "ensure" ? async () => Promise.reject(new RangeError("Maximum call stack size exceeded")) : Reflect.get(w, k, w)) });
  await t.throwsAsync(judge(broken, request, options), { instanceOf: RangeError });
  await work.close();
  const dead = await t.throwsAsync(judge(work, request, options));
  t.regex(dead?.message ?? "", /thread has ended|closed|channel/i);
  await s.close();
});
