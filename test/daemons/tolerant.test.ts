/** A group in the tolerant profile: its miners compute in TensorFlow.js, which here is the one without a native library. */
import "#platform/install.js";
import test from "ava";
import { equalBytes } from "#kernel/bytes.js";
import { LogClient } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { slotPositions } from "#protocol/log/positions.js";
import { parseTopology } from "#engine/topology/index.js";
import { TaskSources } from "#net/sources.js";
import { residualBytes } from "#protocol/tasks/engine-options.js";
import { Network } from "./bench.js";

const SUPERVISORS = ["s0", "s1", "s2"];

test.serial("two miners train in TensorFlow.js, every header hashes its residual, and both residuals of an open job are served", async (t) => {
  const net = new Network({ miners: ["minerA", "minerB"], supervisors: SUPERVISORS, epochs: 4, profile: "tf-f32" });
  const daemons = [];
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(150);
    for (const m of ["minerA", "minerB"]) daemons.push(await net.miner(m, undefined, undefined, "@tensorflow/tfjs"));
    await net.giveData();
    await net.until(() => net.task.phase === Phase.PHASE_SETTLING, "all heads anchored");
    t.deepEqual(net.chain.refused, []);

    const { task } = net.small;
    const endpoint = net.endpoints.get("s0") as string;
    const client = new LogClient({ endpoints: [endpoint], allowPrivate: true });
    const log: Iteration[] = [];
    for await (const m of client.stream(task.id, [])) log.push(m);
    client.close();
    t.is(BigInt(log.length), slotPositions(task.spec, 0) + slotPositions(task.spec, 1));
    t.true(log.every((m) => Header.decode(m.header).residualHash.length === 32));

    await net.audit("s0", 1, 9n);
    const sources = new TaskSources({ allowPrivate: true });
    const bytes = residualBytes(task.spec, parseTopology(task.spec.topology, { maxParameters: 1 << 20 }).parameters);
    for (const seq of [8n, 9n]) {
      const { residualHash } = log.map((m) => Header.decode(m.header)).find((h) => h.slot === 1 && h.seq === seq) as Header;
      const residual = await sources.residual(task.id, 1, seq, residualHash, bytes, { endpoints: [endpoint], signal: AbortSignal.timeout(30_000) });
      t.true(equalBytes(nodeCrypto.sha256(residual), residualHash), `after ${seq}`);
    }
    sources.close();
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

test.serial("a miner without TensorFlow does not take the seat, and goes on", async (t) => {
  const net = new Network({ miners: ["minerA"], supervisors: SUPERVISORS, epochs: 1, profile: "tf-f32" });
  const miner = await net.miner("minerA", undefined, undefined, "@tensorflow/no-such-package");
  net.start(50);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.deepEqual(net.failures, []);
  t.false(net.seats.some((s) => s.worker === net.address("minerA") && s.joined));
  await miner.stop();
  net.close();
});
