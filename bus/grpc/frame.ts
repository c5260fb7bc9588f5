/**
 * An iteration's frame from its bytes on disk: nothing is decoded, and one encoding serves all who are sent the message at
 * about one time.
 */
import { Framed } from "#net/grpc-internals.js";
import { BusFrame } from "#proto/gen/pouw/v1/services.js";
import type { StoredMessage } from "../types.js";

/** Field `iteration` of BusFrame, with a length before its bytes. */
const field = BusFrame.fields.find((f) => f.name === "iteration");
if (!field || field.id > 15) throw new Error("bus/grpc/frame.ts: the tag of BusFrame.iteration is not one byte");
const TAG = (field.id << 3) | 2;
const PREFIX = 5;

function encode(bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let n = bytes.length; ; n >>>= 7) {
    length.push(n > 127 ? (n & 127) | 128 : n);
    if (n <= 127) break;
  }
  const size = 1 + length.length + bytes.length;
  const out = Buffer.allocUnsafe(PREFIX + size);
  out[0] = 0; // not compressed
  out.writeUInt32BE(size, 1);
  out[PREFIX] = TAG;
  out.set(length, PREFIX + 1);
  out.set(bytes, PREFIX + 1 + length.length);
  return out;
}

/** Bytes of frames that a hub keeps for the next reader: readers that keep up are within them, and each holds its own queue besides. */
const MAX_KEPT = 8 << 20;

export class FrameCache {
  private readonly kept = new Map<Uint8Array, Framed>();
  private bytes = 0;

  of({ bytes }: StoredMessage): Framed {
    const before = this.kept.get(bytes);
    if (before) return before;
    const frame = new Framed(encode(bytes));
    this.kept.set(bytes, frame);
    this.bytes += bytes.length;
    for (const old of this.kept.keys()) {
      if (this.bytes <= MAX_KEPT) break;
      this.kept.delete(old);
      this.bytes -= old.length;
    }
    return frame;
  }
}

/** The message itself, without gRPC's prefix. */
export const frameBytes = (m: StoredMessage): Buffer => encode(m.bytes).subarray(PREFIX);
