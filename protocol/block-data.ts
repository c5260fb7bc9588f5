/** Transaction 0: a canonical TxRaw around one MsgBlockData, with an empty fee and without signers. */
import { concat, utf8 } from "#kernel/bytes.js";
import { MsgBlockData } from "#proto/gen/pouw/v1/block.js";
import { sameBytes } from "#proto/wire.js";
import { uvarint } from "./verification/extension.js";

const TYPE_URL = "/pouw.v1.MsgBlockData";
/** auth_info of TxRaw (field 2): AuthInfo{fee: {}} without signer infos. */
const AUTH = Uint8Array.of(0x12, 0x02, 0x12, 0x00);

const field = (tag: number, bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(tag), uvarint(bytes.length), bytes);

export function encodeBlockDataTx(data: MsgBlockData): Uint8Array {
  const value = MsgBlockData.encode(data);
  const any = concat(field(0x0a, utf8(TYPE_URL)), value.length > 0 ? field(0x12, value) : value);
  return concat(field(0x0a, field(0x0a, any)), AUTH);
}

/** What a block's first transaction carries. Throws on bytes that encodeBlockDataTx would not write. */
export function decodeBlockDataTx(bytes: Uint8Array): MsgBlockData {
  const body = delimited(bytes, 0x0a);
  const any = delimited(body.content, 0x0a);
  const url = delimited(any.content, 0x0a);
  if (!sameBytes(url.content, utf8(TYPE_URL))) throw new Error("transaction 0 is not a MsgBlockData");
  const data = MsgBlockData.decode(url.rest.length > 0 ? delimited(url.rest, 0x12).content : url.rest);
  if (!sameBytes(encodeBlockDataTx(data), bytes)) throw new Error("transaction 0 is not canonical");
  return data;
}

export function isBlockDataTx(bytes: Uint8Array): boolean {
  try {
    decodeBlockDataTx(bytes);
    return true;
  } catch {
    return false;
  }
}

function delimited(bytes: Uint8Array, tag: number): { content: Uint8Array; rest: Uint8Array } {
  if (bytes[0] !== tag) throw new Error(`transaction 0: got byte ${bytes[0] ?? "none"}, want the tag ${tag}`);
  let length = 0;
  let at = 1;
  for (let shift = 0; ; shift += 7) {
    const b = bytes[at++];
    if (b === undefined || shift > 28) throw new Error("transaction 0 is truncated");
    length += (b & 0x7f) * 2 ** shift;
    if (b < 0x80) break;
  }
  if (at + length > bytes.length) throw new Error("transaction 0 is truncated");
  return { content: bytes.subarray(at, at + length), rest: bytes.subarray(at + length) };
}

