import "#platform/install.js";
import test, { type ExecutionContext } from "ava";
import { notFound } from "#net/index.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { reasonNumber } from "#protocol/verification/reasons.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { JobJudged, TaskFacts } from "#proto/gen/pouw/v1/services.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { Asking, type AskingOptions } from "#test/daemons/asking.js";
import { type Conduct, Recording, type Supervisor } from "#test/daemons/recorded.js";
import { isLoopback } from "./loopback.js";
import { TaskWork } from "./task.js";

/** A node with its session, closed with the test. */
function asking(t: ExecutionContext, options: AskingOptions = {}): Asking {
  const node = new Asking(options);
  t.teardown(() => node.close());
  return node;
}

/** Each job finds newer facts than the one before, since its supervisors are others. */
let height = 200n;

/** The verdict on (slot, seq) where these supervisors serve. */
async function verdictOn(node: Asking, r: Recording, slot: number, seq: bigint, conducts: readonly Conduct[], more: Partial<TaskFacts> = {}): Promise<JobJudged> {
  const supervisors: Supervisor[] = [];
  for (const c of conducts) supervisors.push(await r.supervisor(c));
  try {
    height++;
    node.knows(r.facts(supervisors.map((s) => s.endpoint), { height, ...more }));
    return await node.ask((id) => ({ ...r.job(id, slot, seq), height, deadline: height + 30n }));
  } finally {
    for (const s of supervisors) await s.close();
  }
}

test.serial("an honest iteration is VALID by what one supervisor serves", async (t) => {
  const r = await Recording.train(3);
  const node = asking(t);
  for (const seq of [1n, 3n]) t.like(await verdictOn(node, r, 1, seq, [{}]), { code: VerdictCode.VERDICT_VALID });
});

test.serial("supervisors that accept calls and keep silent cost their head start, and no verdict", async (t) => {
  const r = await Recording.train(3);
  const silent = { silent: ["range", "descend", "blob", "residual", "peers"] };
  const started = performance.now();
  const verdict = await verdictOn(asking(t, { evidenceTimeoutMs: 20_000 }), r, 1, 3n, [silent, silent, {}]);
  t.like(verdict, { code: VerdictCode.VERDICT_VALID });
  t.true(performance.now() - started < 15_000);
});

test.serial("what nobody serves in time is a verdict against who has to serve it", async (t) => {
  const r = await Recording.train(3);
  const none = new Map<string, Iteration>();
  const node = asking(t, { evidenceTimeoutMs: 500 });
  t.like(await verdictOn(node, r, 1, 3n, [{ log: none }]), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_header") });
  t.like(await verdictOn(node, r, 1, 3n, [{ silent: ["descend"] }]), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_header") });
  t.like(await verdictOn(node, r, 1, 3n, [{ blob: () => undefined }]), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_batch") });
  const withheld = { residual: async () => Promise.reject(notFound("the miner did not serve it")) };
  t.like(await verdictOn(node, r, 1, 3n, [withheld]), { code: VerdictCode.VERDICT_NO_RESIDUAL });
  t.like(await verdictOn(node, r, 1, 3n, [{ residual: async () => Uint8Array.of(1) }, {}]), { code: VerdictCode.VERDICT_VALID }, "a residual of another hash is not it");
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
  const found: number[] = [];
  const node = asking(t, { found: (_task, e) => void found.push(e.slot) });
  for (const [name, bad] of Object.entries(conducts)) {
    for (const list of [[bad, {}, {}], [{}, bad, {}]]) {
      const verdict = await verdictOn(node, r, 1, 4n, list);
      t.like(verdict, { code: VerdictCode.VERDICT_VOID, reason: reasonNumber("other_log") }, name);
      t.is(found.pop(), 0, "and the fork is found");
    }
  }
  t.like(await verdictOn(node, r, 1, 3n, [{}]), { code: VerdictCode.VERDICT_VALID }, "what one job grafted is not another's state");
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
  const verdict = await verdictOn(asking(t), r, 1, 4n, [{ async *peers() {} }, late]);
  t.like(verdict, { code: VerdictCode.VERDICT_VOID });
});

test.serial("a branch that comes as fast as a link must be is waited for, however long it takes, and one that trickles is not", async (t) => {
  const r = await Recording.train(4, { forkAt: 3 });
  const branch = r.peersOfOne(4n);
  const bytes = branch.reduce((n, m) => n + m.header.length + m.map.length, 0);
  /** ms between two messages */
  const dribbling = (ms: number): Conduct => ({
    async *peers() {
      for (const m of branch) {
        await new Promise((resolve) => setTimeout(resolve, ms));
        yield m;
      }
    },
  });
  // over such a link the branch takes about 6 s, three times evidence_timeout
  const options = { evidenceTimeoutMs: 2_000, linkRate: Math.floor(bytes / 6) };
  const honest = dribbling(1_500);
  t.like(await verdictOn(asking(t, options), r, 1, 4n, [honest, honest, honest]), { code: VerdictCode.VERDICT_VOID });
  const started = performance.now();
  const trickling = dribbling(60_000);
  t.like(await verdictOn(asking(t, options), r, 1, 4n, [trickling, trickling, trickling]), { code: VerdictCode.VERDICT_NO_RESIDUAL });
  t.true(performance.now() - started < 20_000);
});

test.serial("64 jobs of a task that nobody serves keep no other task waiting, and end when the chain drops them", async (t) => {
  const hog = await Recording.train(1, { taskId: 1n });
  const honest = await Recording.train(2, { taskId: 2n });
  const silent = await hog.supervisor({ silent: ["descend", "range", "blob", "residual", "peers"] });
  const good = await honest.supervisor();
  t.teardown(() => Promise.all([silent.close(), good.close()]));
  const node = asking(t, { evidenceTimeoutMs: 600_000 });
  node.knows(hog.facts([silent.endpoint]));
  node.knows(honest.facts([good.endpoint]));
  for (let i = 0; i < 64; i++) void node.ask((id) => hog.job(id, 0, 1n));
  const started = performance.now();
  t.like(await node.ask((id) => honest.job(id, 1, 2n)), { code: VerdictCode.VERDICT_VALID });
  t.true(performance.now() - started < 30_000);
  const begun = (): number => node.said.filter((a) => a.progress?.step === "log").length;
  t.is(begun(), 65);
  node.closed(() => true);
  t.like(await node.ask((id) => honest.job(id, 0, 2n)), { code: VerdictCode.VERDICT_VALID });
  t.false(node.said.some((a) => (a.judged?.job ?? 65n) < 65n), "nothing was judged of the others");
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
  t.like(await verdictOn(asking(t), forged, 1, 3n, [{}, {}, {}]), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("model_digest") });
  t.like(await verdictOn(asking(t, { evidenceTimeoutMs: 500 }), forged, 1, 3n, [withheld, withheld, {}]), { code: VerdictCode.VERDICT_NO_RESIDUAL });
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
  const verdict = await verdictOn(asking(t, { evidenceTimeoutMs: 1_000 }), r, 1, 3n, [slow]);
  t.like(verdict, { code: VerdictCode.VERDICT_VALID });
});

test.serial("a re-run that misses what was fetched, and a failure of this process, are no verdicts: the job begins anew", async (t) => {
  const r = await Recording.train(2);
  let runs = 0;
  const node = asking(t, {
    open: (...a) => {
      const work = new TaskWork(...a);
      const run = work.run.bind(work);
      work.run = (input, progress, signal) => {
        runs++;
        if (runs === 1) return run({ ...input, batches: new Map() }, progress, signal);
        if (runs === 2) return Promise.reject(new RangeError("Maximum call stack size exceeded"));
        return run(input, progress, signal);
      };
      return work;
    },
  });
  t.like(await verdictOn(node, r, 1, 2n, [{}]), { code: VerdictCode.VERDICT_VALID });
  t.true(runs >= 3);
});

test.serial("a compute thread that dies takes its jobs to another one", async (t) => {
  const r = await Recording.train(2);
  const opened: TaskWork[] = [];
  const node = asking(t, { open: (...a) => (opened.push(new TaskWork(...a)), opened.at(-1) as TaskWork) });
  t.like(await verdictOn(node, r, 1, 1n, [{}]), { code: VerdictCode.VERDICT_VALID });
  const verdict = verdictOn(node, r, 1, 2n, [{}]);
  await opened[0]?.close();
  t.like(await verdict, { code: VerdictCode.VERDICT_VALID });
  t.is(opened.length, 2);
});

test.serial("a task's facts are asked for once, and what changes with each block", async (t) => {
  const r = await Recording.train(3);
  const s = await r.supervisor();
  t.teardown(() => s.close());
  const node = asking(t);
  node.knows(r.facts([s.endpoint]));
  await Promise.all([1n, 2n, 3n].map((seq) => node.ask((id) => r.job(id, 1, seq))));
  node.knows(r.facts([s.endpoint], { height: 201n }));
  await node.ask((id) => ({ ...r.job(id, 0, 3n), height: 201n }));
  t.deepEqual(node.said.flatMap((a) => (a.factsWanted ? [a.factsWanted.whole] : [])), [true, false]);
});

test.serial("callers share nothing: another one's seeds, keys and heads are no part of this one's verdicts", async (t) => {
  const r = await Recording.train(3);
  const s = await r.supervisor();
  const other = await Recording.train(3);
  other.log.set("0/3", other.changed(0, 3n, { overdrive: 7 }));
  const liar = await other.supervisor();
  t.teardown(() => Promise.all([s.close(), liar.close()]));
  const verdict = (facts: TaskFacts): Promise<JobJudged> => {
    const node = asking(t, { evidenceTimeoutMs: 300 });
    node.knows(facts);
    return node.ask((id) => r.job(id, 1, 3n));
  };
  const forged = [
    r.facts([s.endpoint], { task: { ...r.task, startBeacon: new Uint8Array(32).fill(1) } }),
    r.facts([s.endpoint], { sessionKeys: r.keys.map(() => sessionKeyFromSeed(new Uint8Array(32).fill(9)).publicKey) }),
    other.facts([liar.endpoint]),
    r.facts([]),
  ];
  const [seeds] = await Promise.all(forged.map(verdict));
  t.not(seeds?.code, VerdictCode.VERDICT_VALID);
  t.like(await verdict(r.facts([s.endpoint])), { code: VerdictCode.VERDICT_VALID });
});

test.serial("more tasks at one time than there is memory for all get their verdicts", async (t) => {
  const recordings = await Promise.all(Array.from({ length: 6 }, (_, i) => Recording.train(1, { taskId: BigInt(10 + i) })));
  const supervisors = await Promise.all(recordings.map((r) => r.supervisor()));
  t.teardown(() => Promise.all(supervisors.map((s) => s.close())));
  let [open, most] = [0, 0];
  const node = asking(t, {
    memory: 1, // every task has it alone
    evidenceTimeoutMs: 20_000,
    open: (...a) => {
      const work = new TaskWork(...a);
      const close = work.close.bind(work);
      work.close = () => (open--, close());
      most = Math.max(most, ++open);
      return work;
    },
  });
  recordings.forEach((r, i) => node.knows(r.facts([supervisors[i]?.endpoint ?? ""])));
  const verdicts = await Promise.all(recordings.map((r) => node.ask((id) => r.job(id, 0, 1n))));
  t.deepEqual(verdicts.map((v) => v.code), recordings.map(() => VerdictCode.VERDICT_VALID));
  t.is(most, 1);
});

test("loopback addresses are told from those that others reach", (t) => {
  for (const listen of ["127.0.0.1:26659", "127.1.2.3:1", "localhost:1", "[::1]:1"]) t.true(isLoopback(listen), listen);
  for (const listen of ["0.0.0.0:26659", "[::]:1", "10.0.0.1:1", "verifier:1", "127.0.0.1.example.org:1"]) t.false(isLoopback(listen), listen);
});
