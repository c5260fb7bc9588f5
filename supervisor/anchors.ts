/** What goes into MsgAnchorLog: from the log and what is on chain, pure. */
import { equalBytes } from "#kernel/bytes.js";
import type { AttestedHead, HeadAttestation, Slot } from "#proto/gen/pouw/supervision/v1/types.js";

export interface LogHeads {
  /** the highest synced and checked seq of a slot */
  head(slot: number): bigint;
  hash(slot: number, seq: bigint): Uint8Array | undefined;
  signature(slot: number): Uint8Array | undefined;
}

/**
 * heads: every slot that advanced beyond `sent`, at the log's head. seen: the highest head that another supervisor put on
 * chain, above what we attested, and that our log contains.
 */
export function anchorContent(
  log: LogHeads,
  slots: readonly Slot[],
  attested: readonly AttestedHead[],
  mine: ReadonlySet<number>,
  sent: readonly bigint[],
): { heads: HeadAttestation[]; seen: HeadAttestation[] } {
  const heads: HeadAttestation[] = [];
  const seen: HeadAttestation[] = [];
  for (const { slot, head: anchored } of slots) {
    const seq = log.head(slot);
    const hash = log.hash(slot, seq);
    const signature = log.signature(slot);
    if (seq > (sent[slot] ?? 0n) && hash && signature) heads.push({ slot, seq, headerHash: hash, signature });
    const others = attested.filter((a) => a.slot === slot && !mine.has(a.supervisor)).map((a) => ({ seq: a.seq, hash: a.hash }));
    const candidates = anchored && anchored.seq > 0n ? [...others, anchored] : others;
    let best: { seq: bigint; hash: Uint8Array } | undefined;
    for (const c of candidates) {
      const own = log.hash(slot, c.seq);
      if (c.seq <= seq && own && equalBytes(own, c.hash) && (!best || c.seq > best.seq)) best = c;
    }
    if (best) seen.push({ slot, seq: best.seq, headerHash: best.hash, signature: new Uint8Array(0) });
  }
  return { heads, seen };
}
