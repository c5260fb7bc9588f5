/** Temporary files without a name: written once, read back by offset, gone when they are closed or the process ends. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../cli-error.js";

const BUFFER = 1 << 20;

export class Scratch {
  readonly #fd: number;
  #length = 0;
  #open = true;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "pouwd-data-"));
    this.#fd = openSync(join(folder, "scratch"), "wx+", 0o600);
    // the open file needs no name: nothing is left behind however the process ends
    rmSync(folder, { recursive: true, force: true });
  }

  /** Answers the offset that the bytes begin at. */
  append(bytes: Uint8Array): number {
    const at = this.#length;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    } catch (e) {
      throw new CliError("disk", `${tmpdir()} does not take the prepared data (${(e as Error).message}): free some room, or set TMPDIR to another folder.`);
    }
    this.#length += bytes.length;
    return at;
  }

  read(offset: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const n = readSync(this.#fd, into, done, into.length - done, offset + done);
      if (n === 0) throw new Error(`scratch: nothing at ${offset + done} of ${this.#length}`);
      done += n;
    }
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}

/** Rows of so many binary32, on disk. */
export class RowFile {
  readonly #scratch = new Scratch();
  readonly #buffer: Float32Array;
  #buffered = 0;
  #written = 0;

  constructor(readonly width: number) {
    this.#buffer = new Float32Array(Math.max(1, Math.floor(BUFFER / 4 / width)) * width);
  }

  get rows(): number {
    return (this.#written + this.#buffered) / this.width;
  }

  append(row: Float32Array): void {
    if (this.#buffered === this.#buffer.length) this.#flush();
    this.#buffer.set(row, this.#buffered);
    this.#buffered += this.width;
  }

  /** As many rows as `into` holds, from row `first` on. */
  read(first: number, into: Float32Array): void {
    this.#flush();
    this.#scratch.read(4 * first * this.width, bytesOf(into));
  }

  close(): void {
    this.#scratch.close();
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    this.#scratch.append(bytesOf(this.#buffer.subarray(0, this.#buffered)));
    this.#written += this.#buffered;
    this.#buffered = 0;
  }
}

/** In the machine's own order: no other machine reads them. */
const bytesOf = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
