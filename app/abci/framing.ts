/** Messages on an ABCI socket: an unsigned varint length, then that many bytes, whatever pieces they arrive in. */

/** CometBFT's own limit of an ABCI message. */
export const MAX_MESSAGE_BYTES = 104_857_600;

export class FramingError extends Error {
  override name = "FramingError";
}

export class FrameReader {
  readonly #max: number;
  #length = 0;
  #shift = 0;
  /** the message being filled, when it began in an earlier piece */
  #partial: Uint8Array | undefined;
  #filled = 0;

  constructor(maxMessageBytes = MAX_MESSAGE_BYTES) {
    this.#max = maxMessageBytes;
  }

  /** The messages that this piece completes, as plain byte arrays (views of the piece where they lie within it). */
  push(piece: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    let at = 0;
    while (at < piece.length) {
      if (this.#partial) {
        const take = Math.min(this.#partial.length - this.#filled, piece.length - at);
        this.#partial.set(piece.subarray(at, at + take), this.#filled);
        this.#filled += take;
        at += take;
        if (this.#filled === this.#partial.length) {
          out.push(this.#partial);
          this.#partial = undefined;
        }
        continue;
      }
      const byte = piece[at++] as number;
      this.#length += (byte & 127) * 2 ** this.#shift;
      this.#shift += 7;
      if (this.#length > this.#max) {
        throw new FramingError(`ABCI message of ${byte > 127 ? "at least " : ""}${this.#length} bytes: the limit is ${this.#max}; lower the engine's block size, or this is no ABCI peer`);
      }
      if (byte > 127) {
        if (this.#shift > 63) throw new FramingError("ABCI message length is no varint: this is no ABCI peer");
        continue;
      }
      const length = this.#length;
      this.#length = 0;
      this.#shift = 0;
      if (piece.length - at >= length) {
        out.push(new Uint8Array(piece.buffer, piece.byteOffset + at, length));
        at += length;
      } else {
        this.#partial = new Uint8Array(length);
        this.#filled = 0;
      }
    }
    return out;
  }
}

/** The length that stands before a message. */
export function lengthPrefix(length: number): Uint8Array {
  const out: number[] = [];
  while (length > 127) {
    out.push((length & 127) | 128);
    length >>>= 7;
  }
  out.push(length);
  return Uint8Array.from(out);
}
