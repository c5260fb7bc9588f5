/** Asks supervisors for what only a miner has; they relay and cache. A residual of another hash is not it: the next is asked. */
import { createHash } from "node:crypto";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { EvidenceService } from "#proto/gen/pouw/v1/services.js";
import { type CallOptions } from "./dial.js";
import { type PoolOptions, RemotePool } from "./failover.js";

/** a residual of the largest model (2^26 float32), two moments behind it, and some */
const MAX_EVIDENCE = 800 * 1024 * 1024;

export class EvidenceClient {
  private readonly pool: RemotePool;
  constructor(options: PoolOptions) {
    this.pool = new RemotePool({ maxReceive: MAX_EVIDENCE, ...options });
  }
  setEndpoints(endpoints: readonly string[]): void {
    this.pool.setEndpoints(endpoints);
  }

  /** The residual after (slot, seq), whose sha256 is `residualHash`. */
  residual(taskId: bigint, slot: number, seq: bigint, residualHash: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    return this.pool.first(async (r) => {
      const { residual } = await r.unary(EvidenceService.methods.residual, { taskId, slot, seq, residualHash }, options);
      if (!createHash("sha256").update(residual).digest().equals(residualHash)) throw new Error(`${r.endpoint}: the residual of ${slot}/${seq} has another hash`);
      return residual;
    }, options.signal);
  }

  /** The peers' messages that iteration (slot, seq) counted, as its miner holds them; more than `most` are no answer. */
  peerMessages(taskId: bigint, slot: number, seq: bigint, most: bigint, options: CallOptions = {}): Promise<Iteration[]> {
    return this.pool.first(async (r) => {
      const out: Iteration[] = [];
      for await (const m of r.serverStream(EvidenceService.methods.peerMessages, { taskId, slot, seq }, options)) {
        out.push(m);
        if (BigInt(out.length) > most) throw new Error(`${r.endpoint}: sent more than the ${most} messages that ${slot}/${seq} counts`);
      }
      return out;
    }, options.signal);
  }

  close(): void {
    this.pool.close();
  }
}
