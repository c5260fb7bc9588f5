/** The bytes of a data file from beginning to end, a chunk at a time; a file compressed by gzip is read as what it holds. */
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataFileError } from "./errors.js";

const CHUNK = 1 << 18;

/** Throws DataFileError for a file that is absent, a folder, or cut off inside its compression. */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    const compressed = isGzip(path);
    const file = createReadStream(path, { highWaterMark: CHUNK });
    if (!compressed) return yield* file as AsyncIterable<Uint8Array>;
    const plain = createGunzip({ chunkSize: CHUNK });
    // a failure of either reaches whoever reads `plain`
    pipeline(file, plain, () => {});
    yield* plain as AsyncIterable<Uint8Array>;
  } catch (e) {
    throw fileFault(path, e);
  }
}

function isGzip(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const magic = new Uint8Array(2);
    return readSync(fd, magic) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    closeSync(fd);
  }
}

/** What the system says of a file or folder, in words. */
export function fileFault(path: string, e: unknown): unknown {
  const { code, message } = e as NodeJS.ErrnoException;
  if (code === undefined || e instanceof DataFileError) return e;
  if (code === "ENOENT") return new DataFileError(`${path}: there is no such file. Paths are relative to the task file`);
  if (code === "EISDIR") return new DataFileError(`${path}: is a folder, want a file`);
  if (code === "ENOTDIR") return new DataFileError(`${path}: is a file, want a folder with one sub-folder for each class`);
  if (code.startsWith("Z_")) return new DataFileError(`${path}: is not a whole gzip file (${message}). Download or compress it again`);
  return new DataFileError(`${path}: ${message}`);
}

/** Takes exact numbers of bytes from a file's chunks. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(path: string) {
    this.#chunks = chunksOf(path);
  }

  /** Fills `into`; answers how many bytes there were, fewer at the end of the file only. */
  async fill(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#chunk.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done) break;
        this.#chunk = value;
      }
      const part = this.#chunk.subarray(0, into.length - filled);
      into.set(part, filled);
      this.#chunk = this.#chunk.subarray(part.length);
      filled += part.length;
    }
    return filled;
  }
}
