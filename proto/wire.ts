/**
 * What the generated codecs stand on: protobufjs' reader and writer, 64-bit integers as bigint, and the shape of a codec.
 */
import protobuf from "protobufjs/minimal.js";

export const Reader = protobuf.Reader;
export type Reader = InstanceType<typeof protobuf.Reader>;
export const Writer = protobuf.Writer;
export type Writer = InstanceType<typeof protobuf.Writer>;

/** Static facts of a field: for JSON, amino JSON and reflection. */
export interface FieldInfo {
  readonly name: string;
  /** the name in the .proto file, snake_case */
  readonly proto: string;
  readonly id: number;
  readonly type: string;
  readonly repeated?: boolean;
  /** absent is told apart from the default */
  readonly optional?: boolean;
  readonly oneof?: string;
  /** stands in amino JSON even when it is empty */
  readonly aminoKeepsEmpty?: boolean;
  /** a number as text: a decimal of 18 places (see dec.ts), or an integer */
  readonly scalar?: "dec" | "int";
  /** its type's name in amino JSON, where it is one of several */
  readonly aminoOneof?: string;
  readonly comment?: string;
  readonly values?: Readonly<Record<string, number>>;
  readonly codec?: () => Codec<unknown>;
}

/** Encodes and decodes one message type. `encode` omits defaults and writes fields ascending: canonical bytes. */
export interface Codec<T> {
  readonly typeUrl: string;
  /** the field that holds the signer's address, or messages that have a signer themselves, where the message is a transaction's */
  readonly signer?: string;
  /** its name in amino JSON, for SIGN_MODE_LEGACY_AMINO_JSON */
  readonly aminoName?: string;
  readonly comment?: string;
  readonly fields: readonly FieldInfo[];
  create(init?: Partial<T>): T;
  write(message: T, writer: Writer): void;
  read(reader: Reader, length: number, depth: number): T;
  encode(message: T): Uint8Array;
  /** Throws on truncated or too deeply nested input. Accepts non-canonical bytes: see decodeCanonical. */
  decode(bytes: Uint8Array): T;
}

/** One method of a service, with its path at all three faces. */
export interface MethodInfo {
  readonly name: string;
  /** gRPC path, which is the ABCI query's too */
  readonly path: string;
  readonly comment: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<unknown>;
  readonly response: Codec<unknown>;
  readonly rest?: { readonly verb: string; readonly path: string };
}

export type RequestOf<M> = M extends { readonly request: Codec<infer Q> } ? Q : never;
export type ResponseOf<M> = M extends { readonly response: Codec<infer R> } ? R : never;

/** A service as its .proto file declares it. */
export interface ServiceInfo {
  /** with its package: pouw.tasks.v1.Query */
  readonly name: string;
  readonly comment: string;
  readonly methods: Readonly<Record<string, MethodInfo>>;
}

const LOW = 0xffffffffn;
interface Bits {
  low: number;
  high: number;
  unsigned: boolean;
}

export function writeUint64(w: Writer, v: bigint): void {
  if (v < 0n || v > 0xffffffffffffffffn) throw new RangeError(`uint64 out of range: ${v}`);
  if (v < 0x80000000n) w.uint32(Number(v));
  else w.uint64({ low: Number(v & LOW) | 0, high: Number(v >> 32n) | 0, unsigned: true } as Bits as never);
}

export function writeInt64(w: Writer, v: bigint): void {
  if (v < -0x8000000000000000n || v > 0x7fffffffffffffffn) throw new RangeError(`int64 out of range: ${v}`);
  writeUint64(w, BigInt.asUintN(64, v));
}

export function readUint64(r: Reader): bigint {
  // PERF: one- and two-byte varints are most of what a chain stores.
  const b0 = r.buf[r.pos] as number;
  if (r.pos < r.len && b0 < 0x80) {
    r.pos++;
    return BigInt(b0);
  }
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (r.pos >= r.len) throw new RangeError("truncated varint");
    const b = r.buf[r.pos++] as number;
    value |= BigInt(b & 0x7f) << shift;
    if (b < 0x80) {
      if (value > 0xffffffffffffffffn) throw new RangeError("varint larger than 64 bits");
      return value;
    }
  }
  throw new RangeError("varint longer than 10 bytes");
}

export function readInt64(r: Reader): bigint {
  return BigInt.asIntN(64, readUint64(r));
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Decodes, and refuses what does not re-encode to the same bytes (unknown fields, explicit defaults, wide varints, order). */
export function decodeCanonical<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const message = codec.decode(bytes);
  if (!sameBytes(codec.encode(message), bytes)) throw new Error(`${codec.typeUrl}: bytes are not canonical`);
  return message;
}
