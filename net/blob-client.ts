/** Moves blobs by CID: what arrives is hashed, so any server will do. Downloads resume at the offset that was reached. */
import { type BlobChunk, BlobService } from "#proto/gen/pouw/v1/services.js";
import { type CallOptions } from "./dial.js";
import { invalid } from "./errors.js";
import { type PoolOptions, RemotePool } from "./failover.js";
import { cidDigest } from "./cid.js";
import { PartialBytes } from "./partial-bytes.js";

export const CHUNK = 1024 * 1024;

export class BlobClient {
  private readonly pool: RemotePool;
  constructor(options: PoolOptions) {
    this.pool = new RemotePool(options);
  }
  setEndpoints(endpoints: readonly string[]): void {
    this.pool.setEndpoints(endpoints);
  }

  /** The bytes of a CID, checked against it; at most `maxBytes`. */
  async get(cid: string, maxBytes: number, options: CallOptions = {}): Promise<Uint8Array> {
    const digest = cidDigest(cid);
    if (!digest) throw invalid(`${JSON.stringify(cid.slice(0, 80))} is not a CIDv1 (raw, sha2-256, base32)`);
    const parts = new Map<string, PartialBytes>();
    return this.pool.race(async (r, lap) => {
      const part = parts.get(r.endpoint) ?? new PartialBytes(cid, digest, maxBytes);
      parts.set(r.endpoint, part);
      for await (const c of r.serverStream(BlobService.methods.get, { cid, offset: BigInt(part.length) }, { ...options, signal: lap.signal })) {
        lap.signal.throwIfAborted();
        part.add(Number(c.offset), c.data, r.endpoint);
        lap.got(c.data.length);
      }
      return part.whole(r.endpoint);
    }, options.signal);
  }

  /** Gives a blob to one supervisor. */
  async putTo(endpoint: string, taskId: bigint, cid: string, bytes: Uint8Array, options: CallOptions = {}): Promise<void> {
    const r = await this.pool.remote(endpoint);
    function* chunks(): Generator<Partial<BlobChunk>> {
      for (let at = 0; at === 0 || at < bytes.length; at += CHUNK) {
        const first = at === 0 ? { cid, taskId, size: BigInt(bytes.length) } : {};
        yield { ...first, offset: BigInt(at), data: bytes.subarray(at, at + CHUNK), last: at + CHUNK >= bytes.length };
      }
    }
    const answer = await r.clientStream(BlobService.methods.put, chunks(), options);
    if (answer.cid !== cid || answer.size !== BigInt(bytes.length)) throw new Error(`${endpoint}: stored ${answer.size} bytes of ${cid}, want ${bytes.length}`);
  }

  /** Gives a blob to every supervisor; answers what each failure said, empty when all have it. */
  async putAll(taskId: bigint, cid: string, bytes: Uint8Array, options: CallOptions = {}): Promise<Map<string, Error>> {
    const failed = new Map<string, Error>();
    await Promise.all(this.pool.all.map((e) => this.putTo(e, taskId, cid, bytes, options).catch((error: Error) => void failed.set(e, error))));
    return failed;
  }

  close(): void {
    this.pool.close();
  }
}
