/** Own residuals on disk: what a claim or an audit will ask for, and what a restart begins from. */
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { type Database, levelKey } from "#platform/level.js";

export class ResidualStore {
  constructor(
    private readonly db: Database,
    private readonly taskId: bigint,
    private readonly parameters: number,
    private readonly profile: string,
  ) {}

  static clear(db: Database, taskId: bigint): Promise<void> {
    return db.clear(levelKey("r", taskId), levelKey("r", taskId + 1n));
  }

  /** Goes to disk with the next group: before the message that it belongs to is sent. */
  put(slot: number, seq: bigint, residual: Uint8Array): Promise<void> {
    return this.db.write([{ key: levelKey("r", this.taskId, slot, seq), value: residual }]).catch(() => {}); // the log's own write reports the failure
  }

  get(slot: number, seq: bigint): Promise<Uint8Array | undefined> {
    return this.db.get(levelKey("r", this.taskId, slot, seq));
  }

  /** The newest kept residual at or below a seq. */
  async atOrBelow(slot: number, seq: bigint): Promise<{ seq: bigint; residual: Uint8Array } | undefined> {
    for await (const [key, residual] of this.db.range(levelKey("r", this.taskId, slot, 0n), levelKey("r", this.taskId, slot, seq + 1n), { reverse: true, limit: 1 })) {
      return { seq: seqOf(key), residual };
    }
    return undefined;
  }

  async newest(slots: readonly number[]): Promise<Map<number, bigint>> {
    const out = new Map<number, bigint>();
    for (const slot of slots) {
      const r = await this.atOrBelow(slot, (1n << 62n) - 1n);
      if (r) out.set(slot, r.seq);
    }
    return out;
  }

  /**
   * What no verifier can ask for any more goes, `over` being the last iteration that is out of every window: a re-run of
   * the next one begins at the hashed residual before it. One that is kept besides is not what a verifier begins at.
   */
  async prune(slot: number, over: bigint): Promise<void> {
    const base = await this.atOrBelow(slot, residualSeqBefore(this.parameters, this.profile, over + 1n));
    if (base) await this.db.clear(levelKey("r", this.taskId, slot, 0n), levelKey("r", this.taskId, slot, base.seq));
  }
}

const seqOf = (key: Uint8Array): bigint => new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(key.length - 8);
