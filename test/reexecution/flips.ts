/**
 * One flipped bit, as a cheat would hide it: signed anew by its miner, and whatever commits to the bytes made to fit. Then
 * neither a signature nor a hash refuses it, only the re-run can.
 */
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { chainDigest, modelDigest } from "#protocol/state/digest.js";
import { type Drbg } from "#protocol/draws/drbg.js";
import { ZERO_DIGEST } from "#protocol/hash.js";
import { decodeHeader, encodeHeader } from "#protocol/log/header.js";
import { initialHash, initialWeights } from "#protocol/state/initial.js";
import { mapHash } from "#protocol/state/map.js";
import type { Reason } from "#protocol/verification/reasons.js";
import { type Changed, seedOf, type Recording, sign } from "../../bench/training/recording.js";
import { fieldAt, REASONS_OF } from "./fields.js";

export interface Flip {
  /** what was hit, for people */
  readonly what: string;
  /** what the verifier is served */
  readonly changed: Changed;
  /** what it may answer; undefined where any reason will do */
  readonly reasons: readonly Reason[] | undefined;
  /** the same bit under the signature that was given before */
  readonly unsigned?: Iteration;
}

export class Flips {
  readonly #w0Hash: Uint8Array;

  constructor(
    readonly recording: Recording,
    readonly random: Drbg,
  ) {
    this.#w0Hash = initialHash(nodeCrypto, initialWeights(nodeCrypto, recording.bench.plan, seedOf(recording.bench)));
  }

  /** Of header, map, or residual, each as often. */
  of(slot: number, seq: bigint): Flip {
    const kind = this.random.below(3n);
    if (kind === 0n) return this.header(slot, seq);
    if (kind === 1n) return this.map(slot, seq);
    return seq > 1n && this.random.below(2n) === 0n ? this.servedResidual(slot, seq) : this.hashedResidual(slot, seq);
  }

  header(slot: number, seq: bigint): Flip {
    const message = this.#message(slot, seq);
    const [header, byte] = this.#flipped(message.header);
    const { field, part } = fieldAt(message.header, byte);
    return { what: `header ${part === "value" ? field : `${part}s`}`, changed: { message: this.#signed(slot, seq, header, message.map) }, reasons: part === "value" ? REASONS_OF[field] : undefined, unsigned: { ...message, header } };
  }

  /** map_hash, chain_digest and model_digest are those of the other map. */
  map(slot: number, seq: bigint): Flip {
    const message = this.#message(slot, seq);
    const [map] = this.#flipped(message.map);
    const header = decodeHeader(message.header);
    const digestAt = (s: number, q: bigint) => (q === 0n ? ZERO_DIGEST : decodeHeader(this.#message(s, q).header).chainDigest);
    const own = chainDigest(nodeCrypto, digestAt(slot, seq - 1n), mapHash(nodeCrypto, map));
    const digests = header.clock.map((q, s) => (s === slot ? own : digestAt(s, q)));
    const bytes = encodeHeader({ ...header, mapHash: mapHash(nodeCrypto, map), chainDigest: own, modelDigest: modelDigest(nodeCrypto, this.#w0Hash, digests) });
    return { what: "map", changed: { message: this.#signed(slot, seq, bytes, map) }, reasons: ["map", "map_hash", "null"], unsigned: { ...message, map } };
  }

  /** The residual that the re-run begins with. */
  servedResidual(slot: number, seq: bigint): Flip {
    const [residual] = this.#flipped(this.recording.residuals.get(`${slot}/${seq - 1n}`) as Uint8Array);
    return { what: "residual, served", changed: { residual }, reasons: ["no_residual"] };
  }

  /** The residual that the header hashes. */
  hashedResidual(slot: number, seq: bigint): Flip {
    const message = this.#message(slot, seq);
    const [residual] = this.#flipped(this.recording.residuals.get(`${slot}/${seq}`) as Uint8Array);
    const bytes = encodeHeader(Header.create({ ...decodeHeader(message.header), residualHash: nodeCrypto.sha256(residual) }));
    return { what: "residual, hashed", changed: { message: this.#signed(slot, seq, bytes, message.map) }, reasons: ["residual_hash"] };
  }

  #message(slot: number, seq: bigint): Iteration {
    return this.recording.log[slot]?.[Number(seq) - 1] as Iteration;
  }

  #signed(slot: number, seq: bigint, header: Uint8Array, map: Uint8Array): Iteration {
    const { bench, keys } = this.recording;
    return sign(bench, keys[slot] as (typeof keys)[number], slot, seq, header, map).message;
  }

  #flipped(bytes: Uint8Array): [bytes: Uint8Array, byte: number] {
    const bit = Number(this.random.below(BigInt(8 * bytes.length)));
    const out = new Uint8Array(bytes); // a Buffer's slice would be no copy
    out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
    return [out, bit >> 3];
  }
}
