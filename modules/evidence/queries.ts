/** What anybody can ask of proofs, as the Cosmos SDK answers it. */
import { fromHex } from "#kernel/bytes.js";
import { sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { EvidenceQuery } from "#proto/gen/cosmos/evidence/v1beta1/query.js";
import { evidences } from "./store.js";

const HASH_BYTES = 32;

export const evidenceQueries: QueryHandlers<typeof EvidenceQuery> = {
  evidence(ctx, { hash }) {
    if (hash === "") throw sdk.invalidRequest("invalid request; hash is empty");
    const raw = bytesOf(hash);
    const evidence = raw.length === HASH_BYTES ? evidences.get(ctx, raw) : undefined;
    if (!evidence) throw sdk.keyNotFound(`evidence ${hash} not found`);
    return { evidence };
  },
  allEvidence(ctx, { pagination: request }) {
    const { items, pagination } = paginate(ctx, evidences, request);
    return { evidence: items.map(({ value }) => value), pagination };
  },
};

/** Throws a plain Error in the words of Go's encoding/hex, as the SDK does. */
function bytesOf(text: string): Uint8Array {
  const [wrong] = /[^0-9a-fA-F]/u.exec(text) ?? [];
  if (wrong !== undefined) throw new Error(`invalid evidence hash: encoding/hex: invalid byte: U+${(wrong.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")} '${wrong}'`);
  if (text.length % 2 === 1) throw new Error("invalid evidence hash: encoding/hex: odd length hex string");
  return fromHex(text);
}
