/** Messages of cosmjs-types in the form of this project's codecs: for queries and for the sender. */
import { type Codec } from "#proto/wire.js";

export const cosmosCodec = <T>(typeUrl: string, c: { encode(m: T): { finish(): Uint8Array }; decode(b: Uint8Array): T }): Codec<T> =>
  ({ typeUrl, encode: (m: T) => c.encode(m).finish(), decode: (b: Uint8Array) => c.decode(b) }) as unknown as Codec<T>;
