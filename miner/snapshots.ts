/** Snapshots of the compute thread's state: K and the own residuals at a clock, hashed, in the miner's database. The newest counts. */
import { type LogStore } from "#net/log-store.js";
import { nodeCrypto } from "#platform/crypto.js";
import { equalBytes, u32be, u64be } from "#kernel/bytes.js";
import { type Database, levelKey, type Put } from "#platform/level.js";
import { decodeHeader } from "#protocol/log/header.js";
import { ZERO_DIGEST } from "#protocol/hash.js";
import { type ComputeStart } from "./protocol.js";

export interface Snapshot {
  readonly clock: readonly bigint[];
  /** the engine's own bytes */
  readonly K: Uint8Array;
  readonly residuals: readonly { readonly slot: number; readonly residual: Uint8Array }[];
}

const CHUNK = 1 << 20;

export class Snapshots {
  constructor(
    private readonly db: Database,
    private readonly taskId: bigint,
  ) {}

  static clear(db: Database, taskId: bigint): Promise<void> {
    return db.clear(levelKey("s", taskId), levelKey("s", taskId + 1n));
  }

  /** In place of the one before. Written behind the messages that it stands on, which are on their way already. */
  put(s: Snapshot): Promise<void> {
    const head = [u32be(s.clock.length), ...s.clock.map(u64be), u32be(s.residuals.length), ...s.residuals.flatMap((r) => [u32be(r.slot), u32be(r.residual.length)]), u32be(s.K.length)];
    const all = new Uint8Array(Buffer.concat([...head, ...s.residuals.map((r) => r.residual), s.K]));
    const puts: Put[] = [{ key: levelKey("s", this.taskId, 0), value: new Uint8Array(Buffer.concat([u64be(BigInt(all.length)), nodeCrypto.sha256(all)])) }];
    for (let at = 0, i = 1; at < all.length; at += CHUNK, i++) puts.push({ key: levelKey("s", this.taskId, i), value: all.subarray(at, at + CHUNK) });
    return this.db.write(puts);
  }

  /** The last one, where it is whole and has the hash that was written with it. */
  async get(): Promise<Snapshot | undefined> {
    const meta = await this.db.get(levelKey("s", this.taskId, 0));
    if (meta?.length !== 40) return undefined;
    const length = Number(new DataView(meta.buffer, meta.byteOffset).getBigUint64(0));
    const parts: Uint8Array[] = [];
    for (let i = 1; i <= Math.ceil(length / CHUNK); i++) parts.push((await this.db.get(levelKey("s", this.taskId, i))) ?? new Uint8Array(0));
    const all = new Uint8Array(Buffer.concat(parts)).slice(0, length);
    return all.length === length && equalBytes(nodeCrypto.sha256(all), meta.subarray(8)) ? parse(all) : undefined;
  }

  /** A start from the last snapshot, where the log reaches to it; what comes after it in the log is restored then. */
  async start(store: LogStore, own: readonly number[], parameters: number): Promise<ComputeStart | undefined> {
    const s = await this.get();
    const have = store.clock();
    if (!s || s.clock.length !== have.length || s.K.length !== 4 * parameters || s.clock.some((seq, slot) => seq > (have[slot] as bigint))) return undefined;
    if (own.length !== s.residuals.length || !s.residuals.every((r) => own.includes(r.slot))) return undefined;
    const slots = await Promise.all(
      s.clock.map(async (seq, slot) => {
        const frontier = own.includes(slot) ? (await store.frontierAt(slot, seq)).encode() : undefined;
        const header = seq > 0n ? (await store.get(slot, seq))?.header : undefined;
        return { seq, chainDigest: header ? decodeHeader(header).chainDigest : ZERO_DIGEST, header, frontier };
      }),
    );
    return { slots, K: s.K, residuals: s.residuals };
  }
}

function parse(all: Uint8Array): Snapshot {
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  let at = 0;
  const u32 = (): number => ((at += 4), view.getUint32(at - 4));
  const u64 = (): bigint => ((at += 8), view.getBigUint64(at - 8));
  const take = (length: number): Uint8Array => ((at += length), all.slice(at - length, at));
  const clock = Array.from({ length: u32() }, u64);
  const sizes = Array.from({ length: u32() }, () => ({ slot: u32(), length: u32() }));
  const length = u32();
  const residuals = sizes.map((r) => ({ slot: r.slot, residual: take(r.length) }));
  return { clock, K: take(length), residuals };
}
