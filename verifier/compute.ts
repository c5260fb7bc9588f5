/** The computing side of a task's verifier: its engine, and a replica that jumps between the headers' clocks. No I/O, no clock. */
import { type Group, groupsOf } from "#engine/quanta.js";
import { createEngine } from "#engine/index.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { type Batch, type Engine } from "#engine/types.js";
import { PackedLog } from "#net/packed-log.js";
import { nodeCrypto } from "#platform/crypto.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { type CheckContext } from "#protocol/log/check.js";
import { taskSeed } from "#protocol/state/initial.js";
import { decodeHeader } from "#protocol/log/header.js";
import { closuresOf } from "#protocol/log/lag.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { Replica } from "#protocol/state/replica.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { verifyIteration, type VerifyOutcome } from "#protocol/verification/verify.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type StartedTask } from "#protocol/tasks/task-view.js";
import { type LogUpdate } from "./log.js";

export interface ComputeSetup {
  readonly chainId: string;
  readonly task: StartedTask;
  /** session keys by slot */
  readonly keys: readonly Uint8Array[];
}

/** One re-run with what has been fetched for it: see VerifyInput. */
export interface RunInput {
  readonly slot: number;
  readonly seq: bigint;
  /** hash of a claim's header */
  readonly claimed?: Uint8Array | undefined;
  readonly residual?: Uint8Array | null | undefined;
  /** of the tolerant profile */
  readonly residualAfter?: Uint8Array | null | undefined;
  /** by number; null: nobody served it in time */
  readonly batches: ReadonlyMap<number, Batch | null>;
  /** in the manifest, of every batch that the re-run takes */
  readonly batchHashes: ReadonlyMap<number, Uint8Array>;
  readonly peers: readonly Iteration[];
  readonly peersComplete: boolean;
  /** the chain's slot records, for closures */
  readonly slots: readonly Slot[];
  /** seq of each slot's newest anchored head */
  readonly anchored: readonly bigint[];
}

export class Compute {
  readonly #logs: PackedLog[];
  readonly #groups: readonly Group[];
  readonly #order: BatchOrder;
  readonly #spec: TaskSpec;
  #replica: Replica;

  private constructor(
    private readonly setup: ComputeSetup,
    private readonly plan: ModelPlan,
    private readonly engine: Engine,
    private readonly seed: Uint8Array,
  ) {
    const { task } = setup;
    this.#spec = task.spec;
    this.#groups = groupsOf(task.spec.quanta, plan.tensors);
    this.#logs = setup.keys.map(() => new PackedLog());
    this.#order = new BatchOrder(nodeCrypto, task.startBeacon, task.id, this.#spec.batches);
    this.#replica = new Replica(nodeCrypto, engine, this.#spec, seed);
  }

  static async open(setup: ComputeSetup): Promise<Compute> {
    const { task } = setup;
    const { spec } = task;
    const plan = parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS });
    // The exact engine in every profile: validators then judge alike to the bit, whatever is installed beside them.
    const engine = await createEngine(plan, engineOptionsOf(spec));
    return new Compute(setup, plan, engine, taskSeed(nodeCrypto, task.startBeacon, task.id));
  }

  learn({ slot, from, pages }: LogUpdate): void {
    const log = this.#logs[slot] as PackedLog;
    const known = this.#replica.knownSeq(slot);
    log.cut(from - 1n);
    for (const p of pages) log.append(p);
    if (from <= known) this.#rebuild();
    else this.#record(slot);
  }

  run(input: RunInput, progress: (done: number, total: number) => void): VerifyOutcome {
    let clean = false;
    try {
      const outcome = verifyIteration({
        ctx: this.#context(input),
        replica: this.#replica,
        iterationOf: (slot, seq) => this.#logs[slot]?.message(seq),
        slot: input.slot,
        seq: input.seq,
        claimed: input.claimed,
        residual: input.residual,
        residualAfter: input.residualAfter,
        anchoredSeq: (s) => input.anchored[s] ?? 0n,
        batch: (number) => input.batches.get(number),
        peers: input.peers,
        peersComplete: input.peersComplete,
        progress,
      });
      // what is still lacking was found before anything was changed, unless peers' messages were grafted
      clean = outcome.needs ? input.peers.length === 0 : outcome.code === VerdictCode.VERDICT_VALID;
      return outcome;
    } finally {
      // a graft, and a re-run that broke off, are this job's alone
      if (!clean) this.#rebuild();
    }
  }

  /** A replica of the log as it now is. */
  #rebuild(): void {
    this.#replica = new Replica(nodeCrypto, this.engine, this.#spec, this.seed);
    for (let slot = 0; slot < this.#spec.slots; slot++) this.#record(slot);
  }

  #record(slot: number): void {
    const log = this.#logs[slot] as PackedLog;
    for (let seq = this.#replica.knownSeq(slot) + 1n; seq <= log.length; seq++) {
      const header = log.header(seq) as Uint8Array;
      this.#replica.record({ slot, seq, headerHash: nodeCrypto.sha256(header), mapHash: decodeHeader(header).mapHash });
    }
  }

  #context({ slots, batchHashes }: RunInput): CheckContext {
    const { chainId, task, keys } = this.setup;
    return {
      crypto: nodeCrypto,
      chainId,
      taskId: task.id,
      spec: this.#spec,
      parameters: this.plan.parameters,
      groups: this.#groups,
      startHeight: task.startHeight,
      order: this.#order,
      batchHash: (number) => {
        const hash = batchHashes.get(number);
        if (!hash) throw new Error(`the job came without the hash of batch ${number}`);
        return hash;
      },
      sessionKey: (slot) => keys[slot] ?? new Uint8Array(0),
      closures: closuresOf(slots),
      // What was anchored at a past height is kept for a while only; supervisors judged it when it was fresh.
      lowestAnchoredRound: () => undefined,
    };
  }
}
