/** A whole group's run in one process: every slot's signed messages as the log has them, and what a verifier needs besides. */
import { lossName } from "#protocol/task-spec.js";
import { createEngine } from "#engine/index.js";
import { type Engine } from "#engine/types.js";
import { Compute } from "#miner/compute.js";
import { type ComputeSetup } from "#miner/protocol.js";
import { type Iteration } from "#proto/gen/pouw.js";
import { sha256 } from "#kernel/crypto.js";
import { type CheckContext } from "#protocol/check.js";
import { headSignBytes } from "#protocol/header.js";
import { initialWeights, taskSeed } from "#protocol/initial.js";
import { Closures } from "#protocol/lag.js";
import { BatchOrder } from "#protocol/order.js";
import { Replica } from "#protocol/replica.js";
import { verifyIteration, type VerifyOutcome } from "#protocol/verify.js";
import { residualSeqBefore } from "#protocol/iterate.js";
import { mapHash } from "#protocol/map.js";
import { sessionKeyFromSeed, type SessionKey } from "#platform/keys.js";
import { type BenchTask } from "./tasks.js";

const CHAIN = "pouw-bench-1";

export interface Recording {
  readonly bench: BenchTask;
  readonly rounds: number;
  /** log[slot][seq − 1] */
  readonly log: readonly (readonly Iteration[])[];
  readonly residuals: ReadonlyMap<string, Uint8Array>;
  readonly keys: readonly SessionKey[];
}

export const engineOf = ({ plan, spec }: BenchTask): Promise<Engine> => createEngine(plan, { loss: lossName(spec.loss), batchSize: spec.batchSize });

/** The compute thread's machine of a miner that holds one slot, told of the blocks that let it begin. */
export function minerOf({ task, batches }: BenchTask, slot: number, engine: Engine): Compute {
  const setup: ComputeSetup = { chainId: CHAIN, task, maxParameters: 2 ** 26, slots: [slot], batches };
  const compute = new Compute(setup, engine, () => performance.now());
  for (let h = task.startHeight; h <= task.startHeight + 2n; h++) compute.view(h, 0n, []);
  return compute;
}

/** What the miner's main thread does with an iteration before it logs it. */
export function sign(bench: BenchTask, key: SessionKey, slot: number, seq: bigint, header: Uint8Array, map: Uint8Array): { message: Iteration; hash: Uint8Array } {
  const hash = sha256(header);
  return { message: { header, map, signature: key.sign(headSignBytes({ chainId: CHAIN, taskId: bench.task.id, slot, seq, headerHash: hash })) }, hash };
}

export const chainOf = { id: CHAIN };

export async function record(bench: BenchTask, rounds: number): Promise<Recording> {
  const { slots } = bench.spec;
  const keys = Array.from({ length: slots }, (_, s) => sessionKeyFromSeed(new Uint8Array(32).fill(s + 1)));
  const miners = await Promise.all(keys.map(async (_, s) => minerOf(bench, s, await engineOf(bench))));
  const log: Iteration[][] = keys.map(() => []);
  const residuals = new Map<string, Uint8Array>();
  for (let r = 0; r < rounds; r++) {
    const made = miners.map((m, slot) => {
      const { seq, header, map, residual } = m.iterate(slot);
      if (residual) residuals.set(`${slot}/${seq}`, residual);
      return sign(bench, keys[slot] as SessionKey, slot, seq, header, map).message;
    });
    made.forEach((message, from) => {
      (log[from] as Iteration[]).push(message);
      miners.forEach((m, to) => to !== from && m.apply(message));
    });
  }
  return { bench, rounds, log, residuals, keys };
}

/** A verifier that has fetched the whole log and the data. */
export async function verifierOf({ bench, log, residuals, keys, rounds }: Recording): Promise<(slot: number, seq: bigint) => VerifyOutcome> {
  const { spec, task, plan, batches } = bench;
  const engine = await engineOf(bench);
  const replica = new Replica(engine, spec, initialWeights(plan, taskSeed(task.startBeacon, task.id)));
  log.forEach((list, slot) => list.forEach((m, i) => replica.record({ slot, seq: BigInt(i + 1), headerHash: sha256(m.header), mapHash: mapHash(m.map) })));
  const ctx: CheckContext = {
    chainId: CHAIN,
    taskId: task.id,
    spec,
    parameters: plan.parameters,
    startHeight: task.startHeight,
    order: new BatchOrder(task.startBeacon, task.id, spec.batches),
    batchHash: (b) => batches[b]?.hash ?? new Uint8Array(0),
    sessionKey: (slot) => keys[slot]?.publicKey ?? new Uint8Array(0),
    closures: new Closures(),
    lowestAnchoredRound: () => undefined,
  };
  return (slot, seq) =>
    verifyIteration({
      ctx,
      replica,
      iterationOf: (s, q) => log[s]?.[Number(q) - 1],
      slot,
      seq,
      residual: residuals.get(`${slot}/${residualSeqBefore(plan.parameters, spec.profile, seq)}`),
      anchoredSeq: () => BigInt(rounds),
      batch: (b) => batches[b],
    });
}
