/** The one kind of proof that there is: a validator signed twice at one height. */
import { toHex } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { Equivocation } from "#proto/gen/cosmos/evidence/v1beta1/evidence.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { timestampText } from "#proto/time.js";
import { decodeCanonical } from "#proto/wire.js";

/** Under which a handler of such proofs would stand. */
export const ROUTE = "equivocation";

export const wrapped = (e: Equivocation): Any => ({ typeUrl: Equivocation.typeUrl, value: Equivocation.encode(e) });

/** Throws for an Any of another type, and for bytes that are none. */
export function unwrapped({ typeUrl, value }: Any): Equivocation {
  if (typeUrl !== Equivocation.typeUrl) throw new Error(`unable to resolve type URL ${typeUrl.slice(0, 100)}`);
  const e = decodeCanonical(Equivocation, value);
  // Go reads it as a time, so it is one, of the years 1 to 9999.
  timestampText(timeOf(e));
  return e;
}

export const hashOf = (hash: Hash, e: Equivocation): Uint8Array => hash.sha256(Equivocation.encode(e));
export const hashText = (raw: Uint8Array): string => toHex(raw).toUpperCase();

const timeOf = ({ time }: Equivocation) => time ?? { seconds: 0n, nanos: 0 };

/** In the SDK's words, the first thing that no equivocation says. */
export function basicFault(e: Equivocation): string | undefined {
  const time = timeOf(e);
  if (time.seconds <= 0n) return `invalid equivocation time: ${timestampText(time).replace("T", " ").replace("Z", " +0000 UTC")}`;
  if (e.height < 1n) return `invalid equivocation height: ${e.height}`;
  if (e.power < 1n) return `invalid equivocation validator power: ${e.power}`;
  return e.consensusAddress === "" ? "invalid equivocation validator consensus address: " : undefined;
}
