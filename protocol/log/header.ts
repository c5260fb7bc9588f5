/** Iteration headers: their bytes, hash, and what a slot signs. */
import { u32be, u64be } from "#kernel/bytes.js";
import type { Crypto, Hash } from "#kernel/crypto.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { decodeCanonical } from "#proto/wire.js";
import { H, raw, str } from "../hash.js";

export const HEADER_VERSION = 1;

export const headerHash = (hash: Hash, bytes: Uint8Array): Uint8Array => hash.sha256(bytes);

export const encodeHeader = (header: Header): Uint8Array => Header.encode(header);

/** Throws on bytes that are not the canonical encoding of what they say. */
export const decodeHeader = (bytes: Uint8Array): Header => decodeCanonical(Header, bytes);

export interface HeadId {
  chainId: string;
  taskId: bigint;
  slot: number;
  seq: bigint;
  headerHash: Uint8Array;
}

/** H('pouw/head/1'; chain_id, u64 task, u32 slot, u64 seq, header_hash): a signature needs no header to be checked. */
export function headSignBytes(hash: Hash, { chainId, taskId, slot, seq, headerHash: digest }: HeadId): Uint8Array {
  return H(hash, "pouw/head/1", str(chainId), u64be(taskId), u32be(slot), u64be(seq), raw(digest, 32, "header hash"));
}

export function verifyHead(crypto: Pick<Crypto, "sha256" | "verifyEd25519">, sessionKey: Uint8Array, head: HeadId, signature: Uint8Array): boolean {
  return head.headerHash.length === 32 && crypto.verifyEd25519(sessionKey, headSignBytes(crypto, head), signature);
}
