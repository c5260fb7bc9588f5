/** The compute thread's loop: takes messages in order, and iterates whenever nothing waits. */
import { parentPort, workerData } from "node:worker_threads";
import { type Engine } from "#engine/types.js";
import { Compute } from "./compute.js";
import { engineFor } from "./engine.js";
import { type Applied, type ComputeSetup, type FromCompute, type ToCompute, unpackPeer } from "./protocol.js";

export type MakeCompute = (setup: ComputeSetup, engine: Engine, now: () => number) => Compute;

/** Runs in a worker thread until it is stopped; what it fails with is said before it ends. */
export function runCompute(make: MakeCompute): void {
  loop(make, (workerData as { data: ComputeSetup }).data).catch((e: Error) => say({ kind: "failed", error: e.stack ?? e.message }));
}

const port = parentPort;
/** What was applied is told together, before anything that comes after it. */
let applied: Applied[] = [];
function sayApplied(): void {
  if (applied.length > 0) port?.postMessage({ kind: "applied", messages: applied } satisfies FromCompute);
  applied = [];
}
/** A residual is a copy of its own, and goes over without another. */
function say(m: FromCompute): void {
  sayApplied();
  port?.postMessage(m, "residual" in m && m.residual?.length ? [m.residual.buffer as ArrayBuffer] : []);
}

async function loop(make: MakeCompute, setup: ComputeSetup): Promise<void> {
  const inbox: ToCompute[] = [];
  let wake: (() => void) | undefined;
  port?.on("message", (m: ToCompute) => {
    inbox.push(m);
    wake?.();
  });
  const plan = Compute.plan(setup);
  const engine = await engineFor(setup.task.spec, plan, setup.tensorFlow);
  const compute = make(setup, engine, () => performance.now());
  let going = false;
  let said = "";
  for (;;) {
    for (let m = inbox.shift(); m; m = inbox.shift()) {
      if (m instanceof Uint8Array) {
        applied.push(compute.applyPeer(unpackPeer(m)));
        continue;
      }
      if (m.kind === "stop") {
        sayApplied();
        return port?.close();
      }
      if (m.kind === "restored") {
        going = true;
        say({ kind: "ready", parameters: plan.parameters, clock: compute.clock() });
      } else if (m.kind === "restore") compute.restore(m.message, m.residual);
      else if (m.kind === "keptResidual") compute.expectResidual(m.slot, m.seq);
      else if (m.kind === "apply") applied.push(compute.apply(m.message));
      else if (m.kind === "view") compute.view(m.height, m.lowestRound, m.slots);
      else if (m.kind === "behind") compute.setBehind(m.slot, m.seq);
      else say({ kind: "reran", id: m.id, ...compute.rerun(m.slot, m.seq, m.residualSeq, m.residual) });
    }
    sayApplied();
    const next = going ? compute.next() : { why: "not restored" };
    if ("slot" in next) {
      say(compute.iterate(next.slot));
      said = "";
      await new Promise((resolve) => setImmediate(resolve)); // lets messages in
      continue;
    }
    if (next.why !== said) say({ kind: "idle", why: next.why });
    said = next.why;
    if (inbox.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    wake = undefined;
  }
}
