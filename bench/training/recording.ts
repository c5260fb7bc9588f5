/** A whole group's run in one process: every slot's signed messages as the log has them, and what a verifier needs besides. */
import { groupsOf } from "#engine/quanta.js";
import { type Hash } from "#kernel/crypto.js";
import { nodeCrypto } from "#platform/crypto.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { createEngine } from "#engine/index.js";
import { type Engine } from "#engine/types.js";
import { Compute } from "#miner/compute.js";
import { type ComputeSetup } from "#miner/protocol.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type CheckContext } from "#protocol/log/check.js";
import { decodeHeader, headSignBytes } from "#protocol/log/header.js";
import { taskSeed } from "#protocol/state/initial.js";
import { Closures } from "#protocol/log/lag.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { Replica } from "#protocol/state/replica.js";
import { verifyIteration, type VerifyOutcome } from "#protocol/verification/verify.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { mapHash } from "#protocol/state/map.js";
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

export const engineOf = ({ plan, spec }: BenchTask, host: "wasm" | "native" | "auto" = "auto"): Promise<Engine> => createEngine(plan, { ...engineOptionsOf(spec), host });

export const keysOf = ({ spec }: BenchTask): SessionKey[] => Array.from({ length: spec.slots }, (_, s) => sessionKeyFromSeed(new Uint8Array(32).fill(s + 1)));

export const seedOf = ({ task }: BenchTask): Uint8Array => taskSeed(nodeCrypto, task.startBeacon, task.id);

/** The compute thread's machine of a miner that holds one slot, told of the blocks that let it begin. */
export function minerOf({ task, batches }: BenchTask, slot: number, engine: Engine, hash: Hash = nodeCrypto): Compute {
  const setup: ComputeSetup = { chainId: CHAIN, task, maxParameters: 2 ** 26, slots: [slot], batches };
  const compute = new Compute(setup, engine, () => performance.now(), hash);
  compute.view(task.startHeight + 2n, { height: task.startHeight, lowest: 0n }, []);
  return compute;
}

/** What the miner's main thread does with an iteration before it logs it. */
export function sign(bench: BenchTask, key: SessionKey, slot: number, seq: bigint, header: Uint8Array, map: Uint8Array, hash = nodeCrypto.sha256(header)): { message: Iteration; hash: Uint8Array } {
  return { message: { header, map, signature: key.sign(headSignBytes(nodeCrypto, { chainId: CHAIN, taskId: bench.task.id, slot, seq, headerHash: hash })) }, hash };
}

export const chainOf = { id: CHAIN };

export async function record(bench: BenchTask, rounds: number): Promise<Recording> {
  const keys = keysOf(bench);
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
      const header = decodeHeader(message.header);
      const peer = { slot: from, seq: header.seq, headerHash: nodeCrypto.sha256(message.header), mapHash: header.mapHash, map: message.map };
      miners.forEach((m, to) => to !== from && m.applyPeer(peer));
    });
  }
  return { bench, rounds, log, residuals, keys };
}

export function contextOf(bench: BenchTask, keys: readonly SessionKey[]): CheckContext {
  const { spec, task, plan, batches } = bench;
  return {
    crypto: nodeCrypto,
    chainId: CHAIN,
    taskId: task.id,
    spec,
    parameters: plan.parameters,
    groups: groupsOf(spec.quanta, plan.tensors),
    startHeight: task.startHeight,
    order: new BatchOrder(nodeCrypto, task.startBeacon, task.id, spec.batches),
    batchHash: (b) => batches[b]?.hash ?? new Uint8Array(0),
    sessionKey: (slot) => keys[slot]?.publicKey ?? new Uint8Array(0),
    closures: new Closures(),
    lowestAnchoredRound: () => undefined,
  };
}

/** What is served in place of what was recorded; a residual that is null is not served. */
export interface Changed {
  readonly message?: Iteration;
  readonly residual?: Uint8Array | null;
}

/** A verifier that has fetched the whole log and the data. Nobody serves peers' messages. */
export async function verifierOf({ bench, log, residuals, keys, rounds }: Recording, engine?: Engine): Promise<(slot: number, seq: bigint, changed?: Changed) => VerifyOutcome> {
  const replica = new Replica(nodeCrypto, engine ?? (await engineOf(bench)), bench.spec, seedOf(bench));
  log.forEach((list, slot) => list.forEach((m, i) => replica.record({ slot, seq: BigInt(i + 1), headerHash: nodeCrypto.sha256(m.header), mapHash: mapHash(nodeCrypto, m.map) })));
  const ctx = contextOf(bench, keys);
  return (slot, seq, changed = {}) =>
    verifyIteration({
      ctx,
      replica,
      iterationOf: (s, q) => (changed.message && s === slot && q === seq ? changed.message : log[s]?.[Number(q) - 1]),
      slot,
      seq,
      residual: changed.residual === undefined ? residuals.get(`${slot}/${residualSeqBefore(bench.plan.parameters, bench.spec.profile, seq)}`) : changed.residual,
      anchoredSeq: () => BigInt(rounds),
      batch: (b) => bench.batches[b],
      peersComplete: true,
    });
}
