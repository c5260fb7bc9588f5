/**
 * Something whose hash is known, as it comes from one source: its bytes are certain only when it is whole, so what each
 * source gave lies apart from what others gave, and a source that is asked again goes on where it stood.
 */
import { createHash } from "node:crypto";
import { exhausted } from "./errors.js";

export class PartialBytes {
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(
    private readonly what: string,
    private readonly hash: Uint8Array,
    private readonly maxBytes: number,
  ) {}

  get length(): number {
    return this.#length;
  }

  /** Throws on what does not go on where this stands, or is too much: it begins anew then. */
  add(offset: number, bytes: Uint8Array, from: string): void {
    if (offset !== this.#length) throw this.#wrong(new Error(`${from}: sent offset ${offset} of ${this.what}, want ${this.#length}`));
    if (this.#length + bytes.length > this.maxBytes) throw this.#wrong(exhausted(`${from}: ${this.what} is larger than ${this.maxBytes} bytes`));
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  /** The whole. Throws when it has another hash, and begins anew. */
  whole(from: string): Uint8Array {
    const bytes = Buffer.concat(this.#parts);
    if (!createHash("sha256").update(bytes).digest().equals(this.hash)) throw this.#wrong(new Error(`${from}: the bytes do not hash to ${this.what}`));
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #wrong<E extends Error>(error: E): E {
    this.#parts = [];
    this.#length = 0;
    return error;
  }
}
