/**
 * The machine that takes a task's messages in causal order, pure: messages and heights in, what to log, refuse or report out.
 *
 * A message is taken when its signature is right. It is held back until the block that its header names is applied and all
 * that its clock names is logged; then the rules decide. Held messages count as had (protocol section 5), and are bounded.
 */
import { equalBytes } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Header, type Iteration, type SignedHead } from "#proto/gen/pouw/v1/iteration.js";
import { decodeCanonical } from "#proto/wire.js";
import { headSignBytes } from "#protocol/log/header.js";

export interface Incoming {
  readonly message: Iteration;
  readonly header: Header;
  readonly hash: Uint8Array;
}

export type Outcome =
  | { readonly kind: "duplicate" }
  | { readonly kind: "held" }
  | { readonly kind: "refused"; readonly why: string }
  /** two signed heads at one (slot, seq); the first is logged where `first` is absent */
  | { readonly kind: "equivocation"; readonly slot: number; readonly first?: SignedHead; readonly second: SignedHead };

/** f of a slot that the chain closed for a fault. */
export function faultCeiling(slots: readonly Slot[], slot: number): bigint | undefined {
  const s = slots.find((x) => x.slot === slot);
  return s?.status === SlotStatus.SLOT_CLOSED_FAULT ? s.closedSeq : undefined;
}

export interface MachineOptions {
  readonly chainId: string;
  readonly taskId: bigint;
  readonly slots: number;
  /** how many messages a slot can have in all: nothing above is taken, or waited for */
  positions(slot: number): bigint;
  sessionKey(slot: number): Uint8Array | undefined;
  /** hash of a logged message */
  logged(slot: number, seq: bigint): Uint8Array | undefined;
  /** the rules of protocol section 7, on the state of the log: what is broken, or undefined */
  check(m: Incoming): string | undefined;
  /** f of a slot closed for a fault: messages above it are dropped and nobody waits for them */
  ceiling?(slot: number): bigint | undefined;
  /** at most this many bytes are held back for one slot */
  readonly maxHeldBytes?: number;
  /** heads of the log so far */
  readonly heads: readonly bigint[];
}

export class LogMachine {
  private readonly held: Map<bigint, Incoming>[];
  private readonly heldBytes: number[];
  private readonly heads: bigint[];
  /** by slot, the newest message that broke a rule: it comes again with every attempt to fill the gap it leaves */
  private readonly broken = new Map<number, { readonly hash: Uint8Array; readonly why: string }>();
  private height = 0n;

  constructor(private readonly o: MachineOptions) {
    this.held = Array.from({ length: o.slots }, () => new Map());
    this.heldBytes = Array.from({ length: o.slots }, () => 0);
    this.heads = [...o.heads];
  }

  /** The block whose state is applied here. */
  setHeight(height: bigint): void {
    if (height > this.height) this.height = height;
  }

  /** Up to where every slot's messages are here without a gap, held-back ones included: whoever sends to us begins behind it. */
  clock(): bigint[] {
    return this.heads.map((h, slot) => {
      let seq = h;
      while (this.held[slot]?.has(seq + 1n)) seq++;
      return seq;
    });
  }

  /** The highest seq up to which a slot is logged, or given out to be. */
  head(slot: number): bigint {
    return this.heads[slot] ?? 0n;
  }

  /** The held-back message with the highest seq of a slot. */
  newestHeld(slot: number): Iteration | undefined {
    let best: Incoming | undefined;
    for (const m of this.held[slot]?.values() ?? []) if (!best || m.header.seq > best.header.seq) best = m;
    return best?.message;
  }

  /** Slots of which a held message names something that is not here: what to fetch, and from whose message it is known. */
  gaps(): { slot: number; seq: bigint; namedBy: number }[] {
    const missing = new Map<number, { seq: bigint; namedBy: number }>();
    this.held.forEach((messages, namedBy) => {
      for (const { header } of messages.values()) {
        header.clock.forEach((seq, slot) => {
          const next = (this.heads[slot] as bigint) + 1n;
          if (this.needed(slot, seq) >= next && !this.held[slot]?.has(next) && !missing.has(slot)) missing.set(slot, { seq: next, namedBy });
        });
      }
    });
    return [...missing].map(([slot, v]) => ({ slot, ...v }));
  }

  /** Our own message, which needs no check. */
  advance(slot: number, seq: bigint): void {
    this.heads[slot] = seq;
  }

  receive(message: Iteration): Outcome {
    const { o } = this;
    let header: Header;
    try {
      header = decodeCanonical(Header, message.header);
    } catch (e) {
      return { kind: "refused", why: `header: ${(e as Error).message}` };
    }
    const { slot, seq } = header;
    if (header.chainId !== o.chainId || header.taskId !== o.taskId) return { kind: "refused", why: `header is for ${header.chainId} task ${header.taskId}` };
    if (slot >= o.slots || seq < 1n || header.clock.length !== o.slots) return { kind: "refused", why: `header of slot ${slot}, seq ${seq}, ${header.clock.length} clock entries does not fit ${o.slots} slots` };
    if (seq > o.positions(slot) || header.clock[slot] !== seq - 1n) {
      return { kind: "refused", why: `${slot}/${seq} with own clock entry ${header.clock[slot]}: the slot has ${o.positions(slot)} positions, and its entry is seq − 1` };
    }
    // a message that names what can never exist would be held for ever, and leave a gap that nobody can fill
    const beyond = header.clock.findIndex((c, j) => c > o.positions(j));
    if (beyond >= 0) return { kind: "refused", why: `${slot}/${seq} names ${header.clock[beyond]} of slot ${beyond}, which has ${o.positions(beyond)} positions` };
    const hash = nodeCrypto.sha256(message.header);
    const broken = this.broken.get(slot);
    if (broken && equalBytes(broken.hash, hash)) return { kind: "refused", why: broken.why };
    const held = this.held[slot] as Map<bigint, Incoming>;
    const known = o.logged(slot, seq) ?? held.get(seq)?.hash;
    if (known && equalBytes(known, hash)) return { kind: "duplicate" };
    const key = o.sessionKey(slot);
    const signed = headSignBytes(nodeCrypto, { chainId: o.chainId, taskId: o.taskId, slot, seq, headerHash: hash });
    if (!key || !nodeCrypto.verifyEd25519(key, signed, message.signature)) return { kind: "refused", why: `signature of ${slot}/${seq} is not by the slot's session key` };
    if (known) {
      const earlier = held.get(seq);
      const first = earlier && { seq, hash: earlier.hash, signature: earlier.message.signature };
      return { kind: "equivocation", slot, ...(first ? { first } : {}), second: { seq, hash, signature: message.signature } };
    }
    if (this.needed(slot, seq) < seq) return { kind: "refused", why: `${slot}/${seq} is above ${this.needed(slot, seq)}, where the slot was closed for a fault` };
    if (seq <= (this.heads[slot] as bigint)) return { kind: "refused", why: `${slot}/${seq} is below the head ${this.heads[slot]}` };
    // Signed is the header alone. Not remembered as broken: the same header with its own map is still to come.
    if (!equalBytes(nodeCrypto.sha256(message.map), header.mapHash)) return { kind: "refused", why: `${slot}/${seq} came with a map of another hash than its header says` };
    const size = message.header.length + message.map.length + 256;
    if ((this.heldBytes[slot] as number) + size > (o.maxHeldBytes ?? 64 << 20) && seq !== (this.heads[slot] as bigint) + 1n) {
      return { kind: "refused", why: `too much of slot ${slot} is held back: send it again later` };
    }
    held.set(seq, { message, header, hash });
    (this.heldBytes as number[])[slot] = (this.heldBytes[slot] as number) + size;
    return { kind: "held" };
  }

  /** Every message that may be logged now, in causal order, and those that break a rule. The caller logs before it asks again. */
  *ready(): Generator<{ accepted: Incoming } | { broken: Incoming; why: string }> {
    for (let progress = true; progress; ) {
      progress = false;
      for (let slot = 0; slot < this.o.slots; slot++) {
        for (let next = this.next(slot); next; next = this.next(slot)) {
          this.release(slot, next);
          const why = this.o.check(next);
          if (why !== undefined) {
            this.broken.set(slot, { hash: next.hash, why });
            yield { broken: next, why };
            continue;
          }
          this.heads[slot] = next.header.seq;
          progress = true;
          yield { accepted: next };
        }
      }
    }
  }

  private next(slot: number): Incoming | undefined {
    const m = this.held[slot]?.get((this.heads[slot] as bigint) + 1n);
    if (!m || m.header.height > this.height) return undefined;
    return m.header.clock.every((seq, j) => (j === slot ? seq < m.header.seq : this.needed(j, seq) <= (this.heads[j] as bigint))) ? m : undefined;
  }

  /** Up to where a seq that somebody names is to be had: not above where the slot was closed for a fault. */
  needed(slot: number, seq: bigint): bigint {
    const f = this.o.ceiling?.(slot);
    return f !== undefined && f < seq ? f : seq;
  }

  private release(slot: number, m: Incoming): void {
    this.held[slot]?.delete(m.header.seq);
    (this.heldBytes as number[])[slot] = (this.heldBytes[slot] as number) - (m.message.header.length + m.message.map.length + 256);
  }
}
