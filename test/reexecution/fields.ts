/** Which field of an encoded header a byte belongs to, and what a verifier may answer when a bit of its value is another. */
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import type { Reason } from "#protocol/verification/reasons.js";

export type Hit = { readonly field: keyof Header; readonly part: "tag" | "length" | "value" };

/** Header fields are varints or length-delimited, and canonical. */
export function fieldAt(header: Uint8Array, offset: number): Hit {
  for (let at = 0; at < header.length; ) {
    const [tag, afterTag] = varint(header, at);
    const field = Header.fields.find((f) => f.id === tag >> 3)?.name as keyof Header;
    if (offset < afterTag) return { field, part: "tag" };
    const [value, afterValue] = varint(header, afterTag);
    const delimited = (tag & 7) === 2;
    if (offset < afterValue) return { field, part: delimited ? "length" : "value" };
    at = delimited ? afterValue + value : afterValue;
    if (offset < at) return { field, part: "value" };
  }
  throw new RangeError(`byte ${offset} of a header of ${header.length}`);
}

/** Values here are below 2^53. */
function varint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const b = bytes[at++] as number;
    value += (b & 127) * scale;
    if (b < 128) return [value, at];
  }
}

/** A varint's last byte that becomes a continuation, or a chain's name that is no longer text, makes another form: "header". */
const digest = (...reasons: Reason[]): readonly Reason[] => reasons;
const number = (...reasons: Reason[]): readonly Reason[] => ["header", ...reasons];

export const REASONS_OF: Readonly<Record<keyof Header, readonly Reason[]>> = {
  version: number(),
  chainId: number(),
  taskId: number(),
  // another slot's turn, or its clock entry, is not this one's
  slot: number("clock", "batch_hash", "lag", "sequence"),
  seq: number("sequence", "round", "clock"),
  prev: digest("prev"),
  round: number("round"),
  height: number("height"),
  // a state that the log has too, but not under this digest, is one that only peers' messages could show
  clock: number("clock", "lag", "no_peers", "no_header"),
  batchHash: digest("batch_hash"),
  mapHash: digest("no_map"),
  chainDigest: digest("chain_digest"),
  modelDigest: digest("no_peers"),
  logRoot: digest("log_root"),
  residualHash: digest("residual_hash"),
  loss: number("loss", "null"),
  accuracy: number("accuracy"),
  overdrive: number("overdrive"),
  null: number("null"),
};
