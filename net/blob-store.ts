/**
 * Blobs as files named by their CID, and Blob.{Put, Get} over them. A CID passes only in its one strict spelling, files are
 * opened without following links, and a file appears under its name when its bytes have been hashed and synced.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants, lstatSync, mkdirSync, readdirSync, unlinkSync } from "node:fs";
import { open, readdir, rename, stat, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemTimers, type Timers } from "#platform/clock.js";
import { type BlobChunk, BlobService } from "#proto/gen/pouw/v1/services.js";
import { CHUNK } from "./blob-client.js";
import { cidDigest } from "./cid.js";
import { exhausted, invalid, late, notFound } from "./errors.js";
import { service, type Service } from "./service.js";

export interface BlobStoreOptions {
  /** all blobs together, bytes; default: no bound */
  readonly maxBytes?: number;
  /** what stays free on the disk for everything else, bytes */
  readonly reserveBytes?: number;
}

const TEMPORARY = /^\.[0-9a-f]{16}\.new$/;

export class BlobStore {
  /** bytes of all blobs, those on their way included */
  private used = 0;
  private readonly maxBytes: number;
  private readonly reserveBytes: number;

  constructor(
    private readonly directory: string,
    { maxBytes = Number.POSITIVE_INFINITY, reserveBytes = 0 }: BlobStoreOptions = {},
  ) {
    this.maxBytes = maxBytes;
    this.reserveBytes = reserveBytes;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (TEMPORARY.test(name)) unlinkSync(path); // a process that was killed left it
      else this.used += lstatSync(path).size;
    }
  }

  get usedBytes(): number {
    return this.used;
  }

  /** What is here, by CID. */
  async list(): Promise<string[]> {
    return (await readdir(this.directory)).filter((name) => cidDigest(name) !== undefined);
  }

  async delete(cid: string): Promise<void> {
    const size = await this.size(cid);
    if (size === undefined) return;
    await unlink(this.path(cid));
    this.used -= size;
  }

  private path(cid: string): string {
    if (!cidDigest(cid)) throw invalid(`${JSON.stringify(cid.slice(0, 80))} is not a CIDv1 (raw, sha2-256, base32)`);
    return join(this.directory, cid);
  }

  async size(cid: string): Promise<number | undefined> {
    const path = this.path(cid);
    try {
      return (await stat(path)).size;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw e;
    }
  }

  /** Bytes from an offset, by chunks. */
  async *read(cid: string, offset = 0): AsyncGenerator<{ offset: number; data: Uint8Array; size: number }> {
    let file;
    try {
      file = await open(this.path(cid), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (e) {
      if (["ENOENT", "ELOOP"].includes((e as NodeJS.ErrnoException).code ?? "")) throw notFound(`blob ${cid} is not here`);
      throw e;
    }
    try {
      const { size } = await file.stat();
      if (offset > size) throw invalid(`offset ${offset} is beyond the ${size} bytes of ${cid}`);
      for (let at = offset; at < size || at === offset; at += CHUNK) {
        const data = Buffer.alloc(Math.min(CHUNK, size - at));
        await file.read(data, 0, data.length, at);
        yield { offset: at, data, size };
        if (at + CHUNK >= size) return;
      }
    } finally {
      await file.close();
    }
  }

  async get(cid: string): Promise<Uint8Array | undefined> {
    if ((await this.size(cid)) === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for await (const p of this.read(cid)) parts.push(p.data);
    return new Uint8Array(Buffer.concat(parts));
  }

  /** Throws when the disk is nearly full: a log that cannot be written stops every task of this home. */
  private async room(): Promise<void> {
    if (this.reserveBytes === 0) return;
    const { bavail, bsize } = await statfs(this.directory);
    if (bavail * bsize < this.reserveBytes) throw exhausted(`less than ${this.reserveBytes} bytes are free on the disk: no data is taken until there are more`);
  }

  /** Stores what hashes to the CID. Throws on anything else, and keeps nothing of it. */
  async put(cid: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, maxBytes: number): Promise<number> {
    const path = this.path(cid);
    await this.room();
    const temporary = join(this.directory, `.${randomBytes(8).toString("hex")}.new`);
    const file = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    let size = 0;
    try {
      const hash = createHash("sha256");
      for await (const c of chunks) {
        size += c.length;
        this.used += c.length;
        if (this.used > this.maxBytes) throw exhausted(`blob ${cid} is beyond the ${this.maxBytes} bytes that are kept here: its operator can raise --max-data`);
        if (size > maxBytes) throw exhausted(`blob ${cid} is larger than the ${maxBytes} bytes that the task allows`);
        hash.update(c);
        await file.write(c);
      }
      if (!hash.digest().equals(cidDigest(cid) as Uint8Array)) throw invalid(`the ${size} bytes sent do not hash to ${cid}`);
      await file.sync();
      await file.close();
      const before = (await this.size(cid)) ?? 0;
      await rename(temporary, path);
      this.used -= before;
      return size;
    } catch (e) {
      this.used -= size;
      await file.close().catch(() => {});
      await unlink(temporary).catch(() => {});
      throw e;
    }
  }
}

/** What an upload must keep up, bytes a ms: a quarter of link_rate, besides a minute for the first part. */
const UPLOAD_RATE = (64 * 1024) / 1000;
const UPLOAD_MS = 60_000;
/** how long each part may take to come whole, ms: 1 MiB at about half of UPLOAD_RATE */
const PART_MS = 30_000;

export interface BlobServiceOptions {
  readonly store: BlobStore;
  readonly timers?: Timers;
  /** in place of PART_MS and UPLOAD_MS */
  readonly partMs?: number;
  readonly uploadMs?: number;
  /** How large this blob of this task may be; throws when the task does not want it from anybody now. */
  allowed(taskId: bigint, cid: string): Promise<number>;
  stored?(taskId: bigint, cid: string): void;
}

/**
 * The bytes of an upload, refused at the first chunk that cannot be right: its length is known before any byte of it is hashed.
 * All chunks but the last are whole, so an upload of so many bytes has so many chunks.
 */
function checkChunk(c: BlobChunk, at: bigint, size: bigint): void {
  const { offset, last, data } = c;
  if (data.length > CHUNK) throw invalid(`a chunk has ${data.length} bytes, at most ${CHUNK}`);
  if (offset !== at) throw invalid(`a chunk is for offset ${offset}, want ${at}`);
  const end = at + BigInt(data.length);
  if (!last && data.length !== CHUNK) throw invalid(`a chunk before the last has ${data.length} bytes, want ${CHUNK}`);
  if (last ? end !== size : end >= size) throw invalid(`a chunk ends at ${end}${last ? " and is the last" : ""}: the first one said ${size} bytes`);
}

export function blobService({ store, allowed, stored, timers = systemTimers, partMs = PART_MS, uploadMs = UPLOAD_MS }: BlobServiceOptions): Service {
  return service(BlobService, {
    async put(requests) {
      const iterator = requests[Symbol.asyncIterator]();
      const first = await iterator.next();
      if (first.done) throw invalid("an empty Put: the first chunk carries task_id and cid");
      const { cid, taskId } = first.value;
      if (!cidDigest(cid)) throw invalid(`${JSON.stringify(cid.slice(0, 80))} is not a CIDv1 (raw, sha2-256, base32)`);
      const limit = await allowed(taskId, cid);
      const { size: declared } = first.value;
      if (declared > BigInt(limit)) throw exhausted(`blob ${cid} is larger than the ${limit} bytes that the task allows`);
      const end = timers.now() + uploadMs + Number(declared) / UPLOAD_RATE;
      async function* data(): AsyncGenerator<Uint8Array> {
        let chunk: BlobChunk | undefined = first.value;
        let at = 0n;
        while (chunk) {
          checkChunk(chunk, at, declared);
          if (timers.now() > end) throw late(`the upload of ${cid} is slower than ${UPLOAD_RATE} bytes a ms`);
          at += BigInt(chunk.data.length);
          yield chunk.data;
          if (chunk.last) return;
          const next: IteratorResult<BlobChunk> = await iterator.next();
          if (next.done) throw invalid(`the stream ended at ${at} bytes before its last chunk`);
          chunk = next.value;
        }
      }
      const size = await store.put(cid, data(), limit);
      stored?.(taskId, cid);
      return { cid, size: BigInt(size) };
    },
    async *get({ cid, offset }) {
      for await (const p of store.read(cid, Number(offset))) {
        yield { cid, offset: BigInt(p.offset), data: p.data, size: BigInt(p.size), last: p.offset + p.data.length === p.size };
      }
    },
  }, { put: { message: CHUNK + 4096, perSecond: 50, running: 16, runningTotal: 64, uploadMs: partMs } });
}
