/** What a block of new jobs costs the node, and what its verifier is told. */
import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type GrpcServer, serveGrpc, service } from "#net/index.js";
import { silentLogger } from "#platform/log.js";
import { decodeVerdicts } from "#protocol/verification/extension.js";
import { TaskFacts, type VerifyAnswer, VerifierService, VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { type OpenJob, type VerdictPorts, Verdicts } from "./verdicts.js";

const ME = "pouwvaloper1me";
const job = (id: bigint, recorded: string[] = []): OpenJob => ({ id, taskId: 1n, slot: 3, seq: 7n, head: { height: 9n, seq: 8n, hash: new Uint8Array(32).fill(1) }, headerHash: new Uint8Array(32).fill(2), createdHeight: 10n, deadline: 40n, verdicts: recorded.map((validator) => ({ validator })) });
const soon = async (until: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !until(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
};

/** A verifier that says what `answer` says. */
async function verifier(listen = "127.0.0.1:0"): Promise<{ server: GrpcServer; heard: VerifyRequest[]; say: (a: Partial<VerifyAnswer>) => void }> {
  const heard: VerifyRequest[] = [];
  let say: (a: Partial<VerifyAnswer>) => void = () => {};
  const server = await serveGrpc({
    listen,
    services: [
      service(VerifierService, {
        verify(stream) {
          say = (a) => void stream.write(a);
          stream.on("data", (r: VerifyRequest) => heard.push(r));
          stream.on("error", () => {});
        },
      }),
    ],
  });
  return { server, heard, say: (a) => say(a) };
}

async function node(t: ExecutionContext, endpoint: string): Promise<{ verdicts: Verdicts; jobs: OpenJob[]; read: string[] }> {
  const jobs: OpenJob[] = [];
  const read: string[] = [];
  const ports: VerdictPorts = {
    openJobs: () => (read.push("jobs"), jobs),
    facts: (_s, { taskId, whole }) => (read.push(`facts ${whole}`), TaskFacts.create({ taskId, height: 10n })),
    times: () => ({ height: 10n, evidenceTimeoutMs: 20_000n, linkRate: 262_144n, blockMs: 1_000n }),
    operator: () => ME,
  };
  const verdicts = await Verdicts.open(mkdtempSync(join(tmpdir(), "verdicts-")), endpoint, ports, silentLogger);
  t.teardown(() => verdicts.close());
  return { verdicts, jobs, read };
}
const state = () => ({}) as never;

test.serial("a commit reads nothing; 320 new jobs are one message of less than 64 KiB, and facts go to who asks for them", async (t) => {
  const v = await verifier();
  t.teardown(() => v.server.close());
  const n = await node(t, `127.0.0.1:${v.server.port}`);
  for (let id = 1n; id <= 320n; id++) n.jobs.push(job(id));
  n.verdicts.update(state);
  t.deepEqual(n.read, [], "inside of the block's work");
  await soon(() => v.heard.length > 0);
  t.is(v.heard[0]?.jobs?.added.length, 320);
  const bytes = VerifyRequest.encode(v.heard[0] as VerifyRequest).length;
  t.true(bytes < 64 * 1024, `${bytes} bytes`);
  v.say({ factsWanted: { taskId: 1n, whole: true } });
  await soon(() => v.heard.length > 1);
  t.is(v.heard[1]?.facts?.taskId, 1n);
  t.deepEqual(n.read, ["jobs", "facts true"]);
});

test.serial("a job is told once, named as long as it stands, and its verdict told until it is recorded", async (t) => {
  const v = await verifier();
  t.teardown(() => v.server.close());
  const n = await node(t, `127.0.0.1:${v.server.port}`);
  n.jobs.push(job(1n), job(2n));
  n.verdicts.update(state);
  await soon(() => v.heard.length > 0);
  n.jobs.splice(0, 1, job(3n));
  n.verdicts.update(state);
  await soon(() => v.heard.length > 1);
  t.deepEqual(v.heard.map((h) => [h.jobs?.added.map((j) => j.job), h.jobs?.open]), [[[1n, 2n], [1n, 2n]], [[3n], [3n, 2n]]], "job 1 is over: the verifier drops it");
  v.say({ judged: { job: 2n, code: 1, reason: 0, detail: "" } });
  await soon(() => n.verdicts.extension(state()).length > 0);
  t.deepEqual(decodeVerdicts(n.verdicts.extension(state())).map((e) => e.job), [2n]);
  n.jobs.splice(1, 1, job(2n, [ME]));
  t.is(n.verdicts.extension(state()).length, 0);
  n.verdicts.update(state);
  await soon(() => v.heard.length > 2);
  t.deepEqual(v.heard[2]?.jobs?.open, [3n]);
});

test.serial("a verifier that was away is told all that is open", async (t) => {
  const v = await verifier();
  const n = await node(t, `127.0.0.1:${v.server.port}`);
  n.jobs.push(job(1n));
  n.verdicts.update(state);
  await soon(() => v.heard.length > 0);
  await v.server.close();
  const again = await verifier(`127.0.0.1:${v.server.port}`);
  t.teardown(() => again.server.close());
  await soon(() => again.heard.length > 0);
  t.deepEqual(again.heard[0]?.jobs?.added.map((j) => j.job), [1n]);
});
