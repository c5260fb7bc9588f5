/** What goes into MsgAnchorLog: from where the log ends on disk and what is on chain, pure. */
import { equalBytes } from "#kernel/bytes.js";
import type { AttestedHead, HeadAttestation, Slot } from "#proto/gen/pouw/supervision/v1/types.js";

/** The highest synced and checked message of a slot; seq 0 before any. */
export interface SyncedHead {
  readonly seq: bigint;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
}
interface Head {
  readonly slot: number;
  readonly seq: bigint;
  readonly hash: Uint8Array;
}
export interface AnchorContent {
  readonly heads: readonly HeadAttestation[];
  readonly seen: readonly HeadAttestation[];
}

/** The heads that stand on chain, by whomever, at or below ours. */
function others(log: readonly SyncedHead[], slots: readonly Slot[], attested: readonly AttestedHead[], mine: ReadonlySet<number>): Head[] {
  const out: Head[] = [];
  const note = (slot: number, seq: bigint, hash: Uint8Array): void => {
    if (seq > 0n && seq <= (log[slot]?.seq ?? 0n)) out.push({ slot, seq, hash });
  };
  for (const a of attested) if (!mine.has(a.supervisor)) note(a.slot, a.seq, a.hash);
  for (const { slot, head } of slots) if (head) note(slot, head.seq, head.hash);
  return out;
}

/** Of which messages of the own log the hashes are needed, each once. */
export function anchorQuestions(log: readonly SyncedHead[], slots: readonly Slot[], attested: readonly AttestedHead[], mine: ReadonlySet<number>): { slot: number; seq: bigint }[] {
  const keys = new Map(others(log, slots, attested, mine).map(({ slot, seq }) => [`${slot}/${seq}`, { slot, seq }]));
  return [...keys.values()];
}

/**
 * heads: every slot that advanced beyond `sent`, at the log's head. seen: the highest head that is on chain, from whichever
 * other supervisor, and that our log contains. `found`: hashes of the own log, as anchorQuestions named them.
 */
export function anchorContent(
  log: readonly SyncedHead[],
  found: readonly Head[],
  slots: readonly Slot[],
  attested: readonly AttestedHead[],
  mine: ReadonlySet<number>,
  sent: readonly bigint[],
): AnchorContent {
  const own = new Map(found.map((f) => [`${f.slot}/${f.seq}`, f.hash]));
  const best = new Map<number, Head>();
  for (const c of others(log, slots, attested, mine)) {
    const hash = own.get(`${c.slot}/${c.seq}`);
    if (hash && equalBytes(hash, c.hash) && c.seq > (best.get(c.slot)?.seq ?? 0n)) best.set(c.slot, c);
  }
  const heads = slots.flatMap(({ slot }): HeadAttestation[] => {
    const at = log[slot];
    return at && at.seq > (sent[slot] ?? 0n) ? [{ slot, seq: at.seq, headerHash: at.hash, signature: at.signature }] : [];
  });
  const seen = slots.flatMap(({ slot }): HeadAttestation[] => {
    const c = best.get(slot);
    return c ? [{ slot, seq: c.seq, headerHash: c.hash, signature: new Uint8Array(0) }] : [];
  });
  return { heads, seen };
}
