import "#platform/install.js";
import test, { type ExecutionContext } from "ava";
import { silentLogger } from "#platform/log.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { Recording } from "#test/daemons/recorded.js";
import { Jobs } from "./jobs.js";
import { isLoopback } from "./loopback.js";

function jobsOf(t: ExecutionContext): Jobs {
  const jobs = new Jobs({ allowPrivate: true, hedgeMs: 200, retryMs: 50, log: silentLogger, signal: new AbortController().signal });
  t.teardown(() => jobs.close());
  return jobs;
}
const quiet = (): void => {};

test.serial("one request is judged once, however many ask, and its progress is told", async (t) => {
  const r = await Recording.train(2);
  const s = await r.supervisor();
  t.teardown(() => s.close());
  const jobs = jobsOf(t);
  const steps: string[] = [];
  const [a, b] = await Promise.all([jobs.verify(r.request(1, 2n, [s.endpoint]), (p) => void steps.push(p.step ?? "")), jobs.verify(r.request(1, 2n, [s.endpoint]), quiet)]);
  t.is(a, b);
  t.is(a.code, VerdictCode.VERDICT_VALID);
  t.true(steps.includes("fetching") && steps.includes("re-running") && steps.includes("done"));
});

test.serial("whoever asks for the node's next job first with other seeds, keys or anchors gets another verdict, and the node its own", async (t) => {
  const r = await Recording.train(3);
  const s = await r.supervisor();
  t.teardown(() => s.close());
  const jobs = jobsOf(t);
  const honest = r.request(1, 3n, [s.endpoint]);
  const forgedSeeds = { ...honest, task: { ...r.task, startBeacon: new Uint8Array(32).fill(1) } };
  t.not((await jobs.verify(forgedSeeds, quiet)).code, VerdictCode.VERDICT_VALID);
  const forgedKeys = { ...honest, seats: honest.seats.map((seat) => ({ ...seat, sessionKey: sessionKeyFromSeed(new Uint8Array(32).fill(9)).publicKey })) };
  await jobs.verify({ ...forgedKeys, evidenceTimeoutMs: 300n }, quiet);
  // heads of another log of the same task, which the asker serves himself
  const other = await Recording.train(3);
  other.log.set("0/3", other.changed(0, 3n, { overdrive: 7 }));
  const liar = await other.supervisor();
  t.teardown(() => liar.close());
  await jobs.verify({ ...other.request(1, 3n, [liar.endpoint]), evidenceTimeoutMs: 300n }, quiet);
  await jobs.verify({ ...honest, seats: [] , evidenceTimeoutMs: 300n }, quiet);
  t.like(await jobs.verify(honest, quiet), { code: VerdictCode.VERDICT_VALID });
});

test.serial("more tasks at one time than are kept all get their verdicts", async (t) => {
  const recordings = await Promise.all(Array.from({ length: 6 }, (_, i) => Recording.train(1, { taskId: BigInt(10 + i) })));
  const supervisors = await Promise.all(recordings.map((r) => r.supervisor()));
  t.teardown(() => Promise.all(supervisors.map((s) => s.close())));
  const jobs = jobsOf(t);
  const verdicts = await Promise.all(recordings.map((r, i) => jobs.verify(r.request(0, 1n, [supervisors[i]?.endpoint ?? ""], { evidenceTimeoutMs: 20_000n }), quiet)));
  t.deepEqual(verdicts.map((v) => v.code), recordings.map(() => VerdictCode.VERDICT_VALID));
});

test("loopback addresses are told from those that others reach", (t) => {
  for (const listen of ["127.0.0.1:26659", "127.1.2.3:1", "localhost:1", "[::1]:1"]) t.true(isLoopback(listen), listen);
  for (const listen of ["0.0.0.0:26659", "[::]:1", "10.0.0.1:1", "verifier:1", "127.0.0.1.example.org:1"]) t.false(isLoopback(listen), listen);
});
