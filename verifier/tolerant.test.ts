/** Jobs of the tolerant profile, whole: fetched from supervisors, re-run on the verifier's thread. */
import "#platform/install.js";
import { oneGroup } from "#engine/quanta.js";
import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { createTolerantEngine } from "#engine/tolerant/index.js";
import { notFound } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { f32Bytes, f32From } from "#protocol/floats.js";
import { reasonNumber } from "#protocol/verification/reasons.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { JobJudged } from "#proto/gen/pouw/v1/services.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { Asking } from "#test/daemons/asking.js";
import { type Conduct, QUANTUM, Recording } from "#test/daemons/recorded.js";

await tf.setBackend("cpu");
/** Miners that compute in TensorFlow.js. */
const trained = () => Recording.train(4, { profile: "tf-f32", engine: (plan, topology) => createTolerantEngine(tf, plan, topology, { loss: "softmaxCrossEntropy", batchSize: 4, quanta: oneGroup(plan, QUANTUM) }) });

async function verdictOn(t: ExecutionContext, r: Recording, slot: number, seq: bigint, conduct: Conduct = {}): Promise<JobJudged & { calls: readonly string[] }> {
  const supervisor = await r.supervisor(conduct);
  const node = new Asking({ evidenceTimeoutMs: 800 });
  t.teardown(() => node.close());
  node.knows(r.facts([supervisor.endpoint]));
  const judged = await node.ask((id) => r.job(id, slot, seq));
  await supervisor.close();
  return { ...judged, calls: supervisor.calls };
}

/** A message with another residual under its header. */
function withResidual(r: Recording, slot: number, seq: bigint, change: (residual: Float32Array) => void): void {
  const residual = f32From(r.residuals.get(`${slot}/${seq}`) as Uint8Array);
  change(residual);
  const bytes = f32Bytes(residual).slice();
  r.residuals.set(`${slot}/${seq}`, bytes);
  r.log.set(`${slot}/${seq}`, r.changed(slot, seq, { residualHash: nodeCrypto.sha256(bytes) }));
}

test.serial("iterations that TensorFlow.js made are VALID by the verifier's own engine, between two residuals", async (t) => {
  const r = await trained();
  for (let seq = 1n; seq <= 4n; seq++) {
    const { calls, ...judgement } = await verdictOn(t, r, 1, seq);
    t.like(judgement, { code: VerdictCode.VERDICT_VALID }, judgement.detail);
    t.is(calls.filter((c) => c === "residual").length, seq === 1n ? 1 : 2, "the first begins at zeros");
  }
});

test.serial("a residual that the map does not leave is INVALID, and one that is not served NO_RESIDUAL", async (t) => {
  const r = await trained();
  withResidual(r, 1, 4n, (residual) => residual.fill(0));
  t.like(await verdictOn(t, r, 1, 4n), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("residual_hash") });
  t.like(await verdictOn(t, r, 1, 4n, { residual: async () => Promise.reject(notFound("gone")) }), { code: VerdictCode.VERDICT_NO_RESIDUAL });
});

test.serial("a residual with NaN, a loss made up and an overdrive kept quiet are INVALID", async (t) => {
  for (const [reason, change] of [
    ["residual_bounds", (r: Recording) => withResidual(r, 1, 4n, (x) => void (x[3] = Number.NaN))],
    ["loss", (r: Recording) => void r.log.set("1/4", r.changed(1, 4n, { loss: (Header.decode((r.log.get("1/4") as Iteration).header).loss ?? 0) + 5_000 }))],
    ["overdrive", (r: Recording) => void r.log.set("1/4", r.changed(1, 4n, { overdrive: 0 }))],
  ] as const) {
    const r = await trained();
    change(r);
    t.like(await verdictOn(t, r, 1, 4n), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber(reason) });
  }
});
