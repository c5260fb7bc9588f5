/** The compute thread's loop: takes messages in order, and iterates whenever nothing waits. */
import { parentPort, workerData } from "node:worker_threads";
import { type Engine } from "#engine/types.js";
import { MissingMap } from "#protocol/state/replica.js";
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
/** Residuals and snapshots are copies of their own, and go over without another. */
function say(m: FromCompute): void {
  sayApplied();
  const own = m.kind === "snapshot" ? [m.K, ...m.residuals.map((r) => r.residual)] : "residual" in m && m.residual?.length ? [m.residual] : [];
  port?.postMessage(m, own.map((b) => b.buffer as ArrayBuffer));
}

/** restores between two reports of how far they are */
const REPORTED = 128;
/** How long re-runs and own iterations have the thread by turns: K moves between their clocks once a turn. */
const TURN_MS = 100;
/** A snapshot no more often than this, and so seldom that it writes no more than this on average, ms and bytes a ms. */
const SNAPSHOT_AFTER = 60_000;
const SNAPSHOT_RATE = 1_000;

async function loop(make: MakeCompute, setup: ComputeSetup): Promise<void> {
  const inbox: ToCompute[] = [];
  let wake: (() => void) | undefined;
  let lent: (() => void) | undefined;
  const plan = Compute.plan(setup);
  const engine = await engineFor(setup.task.spec, plan, setup.tensorFlow);
  const compute = make(setup, engine, () => performance.now());
  port?.on("message", (m: ToCompute) => {
    // an answer overtakes all else, which waits for it
    if (!(m instanceof Uint8Array) && m.kind === "maps") {
      compute.lend(m.slot, m.first, m.maps);
      return lent?.();
    }
    inbox.push(m);
    wake?.();
  });
  /** Does what may need maps that are on disk. */
  async function lending<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (e) {
        if (!(e instanceof MissingMap)) throw e;
        const answer = new Promise<void>((resolve) => (lent = resolve));
        say({ kind: "needs", ...compute.wanted(e) });
        await answer;
      }
    }
  }
  let going = false;
  let restored = 0;
  let said = "";
  let snapshotAt = performance.now() + SNAPSHOT_AFTER;
  async function take(m: ToCompute): Promise<void> {
    if (m instanceof Uint8Array) {
      const peer = compute.applyPeer(unpackPeer(m));
      if (going) applied.push(peer);
      else countRestored();
      return;
    }
    switch (m.kind) {
      case "start": return compute.startFrom(m.from);
      case "restored":
        going = true;
        return say({ kind: "ready", parameters: plan.parameters, clock: compute.clock() });
      case "restore":
        await lending(() => compute.restore(m.message, m.residual));
        return countRestored();
      case "keptResidual": return compute.expectResidual(m.slot, m.seq);
      case "apply": return void applied.push(await lending(() => compute.apply(m.message)));
      case "view": return compute.view(m.height, m.named, m.slots);
      case "behind": return compute.setBehind(m.slot, m.seq);
      case "rerun": return void reruns.push(m);
    }
  }
  /** What is to be run again, and since when and until when it has its turn: own iterations have as much time. */
  const reruns: Extract<ToCompute, { kind: "rerun" }>[] = [];
  let running: number | undefined;
  let turn = { rerun: false, until: 0 };
  async function rerunSome(mayIterate: boolean): Promise<boolean> {
    if (running === undefined && reruns.length === 0) return false;
    const now = performance.now();
    if (now >= turn.until) turn = { rerun: !turn.rerun, until: now + TURN_MS };
    if (!turn.rerun && mayIterate) return false;
    if (running === undefined) {
      const m = reruns.shift() as (typeof reruns)[number];
      running = m.id;
      compute.beginRerun(m.messages, m.residual);
    }
    const done = await lending(() => compute.rerunNext());
    if (!done) return true;
    say({ kind: "reran", id: running, ...done });
    running = undefined;
    return true;
  }
  function countRestored(): void {
    restored++;
    if (restored < REPORTED) return;
    say({ kind: "restoring", count: restored });
    restored = 0;
  }
  async function keep(): Promise<void> {
    if (performance.now() < snapshotAt) return;
    await lending(() => compute.shrink());
    const snapshot = compute.snapshot();
    const bytes = 4 * plan.parameters * (1 + setup.slots.length);
    snapshotAt = performance.now() + Math.max(SNAPSHOT_AFTER, bytes / SNAPSHOT_RATE);
    if (snapshot) say({ kind: "snapshot", ...snapshot });
  }
  for (;;) {
    for (let m = inbox.shift(); m; m = inbox.shift()) {
      if (!(m instanceof Uint8Array) && m.kind === "stop") {
        sayApplied();
        return port?.close();
      }
      await take(m);
      if (compute.full) await lending(() => compute.shrink());
    }
    sayApplied();
    if (going) await keep();
    const next = going ? compute.next() : { why: "not restored" };
    if (going && (await rerunSome("slot" in next))) {
      await new Promise((resolve) => setImmediate(resolve)); // lets messages in
      continue;
    }
    if ("slot" in next) {
      say(await lending(() => compute.iterate(next.slot)));
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
