/**
 * The intake of one task's iteration messages: causal order, rules and ceilings, the same for all who read messages. What a
 * supervisor refuses, a miner refuses too: it never applies it, names it or waits for it.
 *
 * Pure: `offer` says what is to be looked up or verified elsewhere, `looked` and `verified` bring the answer, `take` gives
 * what is to be logged, in causal order. Whoever takes a message has logged or applied it; there is no way back.
 *
 * Budgets: a message that waits is kept as bytes, within `slotBytes` of its slot; nothing is kept that is more than
 * `aheadSeqs` or `aheadBlocks` away; one call does the work of one message, `take` that of at most `limit`.
 */
import type { Group } from "#engine/quanta.js";
import { equalBytes } from "#kernel/bytes.js";
import type { Crypto } from "#kernel/crypto.js";
import { type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration, type SignedHead } from "#proto/gen/pouw/v1/iteration.js";
import { BatchOrder } from "../draws/order.js";
import { type CheckContext, checkDecoded, checkSuccession, type SlotTip, tipAfter } from "./check.js";
import { decodeHeader, headSignBytes } from "./header.js";
import { type Held, HeldMessages, heldSize } from "./held.js";
import { Closures, closuresOf } from "./lag.js";
import type { LogTree } from "./log-root.js";
import type { Outcome } from "./outcomes.js";
import { slotPositions } from "./positions.js";
import { largestMap } from "../tasks/task-spec.js";

/** Where a slot's log ends, with the tree of its header hashes. */
export interface SlotLog {
  tip: SlotTip;
  readonly tree: Pick<LogTree, "append" | "root">;
}

export interface IntakeSetup {
  readonly crypto: Crypto;
  readonly chainId: string;
  readonly taskId: bigint;
  /** with every default filled in */
  readonly spec: TaskSpec;
  readonly parameters: number;
  readonly startHeight: bigint;
  readonly startBeacon: Uint8Array;
  /** from the manifest */
  readonly batchHashes: readonly Uint8Array[];
  /** the spec's quanta, laid out over the model's tensors */
  readonly groups: readonly Group[];
  /** by slot: empty ones at first */
  readonly logs: readonly SlotLog[];
  /** bytes held back for one slot; default: a share of 256 MiB between 1 and 16 MiB, or two of the longest messages */
  readonly slotBytes?: number;
  /** A(height) where it is known: a block that was seen, or one that was asked for */
  lowestRound(height: bigint): bigint | undefined;
}

/** What the chain says at a block. */
export interface GroupView {
  readonly height: bigint;
  readonly slots: readonly Slot[];
  /** of the miners' joined seats, by slot */
  readonly sessionKeys: ReadonlyMap<number, Uint8Array>;
}

export interface Equivocation {
  readonly slot: number;
  /** absent where it is logged: whoever keeps the log has it */
  readonly first?: SignedHead;
  readonly second: SignedHead;
}

export type Offer =
  | { readonly outcome: Outcome }
  /** is to be verified by another thread; answered by `verified` */
  | { readonly ticket: number; readonly verify: { readonly key: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array } }
  /** the hash of what is logged at (slot, seq) is to be looked up; answered by `looked` */
  | { readonly ticket: number; readonly lookup: { readonly slot: number; readonly seq: bigint } }
  /** the same header is being verified already, as another source brought it: answered in that one's `again` */
  | { readonly ticket: number; readonly waits: true };

export interface Verified {
  readonly outcome: Outcome;
  readonly equivocation?: Equivocation | undefined;
  /** of the tickets that waited for this one */
  readonly again: readonly { readonly ticket: number; readonly offer: Offer }[];
}

export interface Accepted extends Held {
  readonly header: Header;
  /** after it */
  readonly tip: SlotTip;
}
export type Taken = { readonly accepted: Accepted } | { readonly refused: Held; readonly outcome: Outcome; readonly why: string };

export interface Gap {
  readonly slot: number;
  /** the first that is missing, and up to where it is waited for */
  readonly from: bigint;
  readonly to: bigint;
  /** the slots whose messages wait for it: each may have the first that is missing */
  readonly namedBy: readonly number[];
}

/** How many blocks above the applied one a header may be: more than a node that follows is ever behind another. */
const AHEAD_BLOCKS = 32n;
/** header hashes of a slot that are at hand; older ones are looked up */
const RECENT = 256;
/** a header's length without its clock: digests, numbers, chain id */
const HEADER_BYTES = 512;
const MIB = 1 << 20;

type Ticket = Held & {
  readonly header: Header;
  known?: Uint8Array | undefined;
  /** tickets of the same header: two supervisors bring a message at about the same time, and it is verified once */
  waiting?: number[];
};

export class Intake {
  readonly #o: IntakeSetup;
  readonly #held: HeldMessages;
  readonly #logs: SlotLog[];
  readonly #recent: Map<bigint, Uint8Array>[];
  readonly #tickets = new Map<number, Ticket>();
  /** by slot, the newest ticket that is being verified */
  readonly #verifying = new Map<number, Ticket>();
  #nextTicket = 1;
  #ready: Held[] = [];
  /** by slot, the newest signed message that broke a rule: it comes again with every attempt to fill the gap it leaves */
  readonly #broken = new Map<number, { readonly head: SignedHead; readonly outcome: Outcome }>();
  /** heights whose A is not known, with what waits for it; null once it was said that nobody knows */
  readonly #rounds = new Map<bigint, Held[] | null>();
  readonly #positions: bigint[];
  readonly #ahead: bigint;
  readonly #longestMap: number;
  readonly #context: CheckContext;
  #keys: ReadonlyMap<number, Uint8Array> = new Map();
  #ceilings = new Map<number, bigint>();
  #height = 0n;

  constructor(setup: IntakeSetup) {
    this.#o = setup;
    const { spec } = setup;
    this.#longestMap = largestMap(setup.groups);
    const most = this.#longestMap + HEADER_BYTES + 11 * spec.slots;
    const slotBytes = setup.slotBytes ?? Math.max(MIB, Math.min(16 * MIB, (256 * MIB) / spec.slots), 2 * most);
    this.#held = new HeldMessages(spec.slots, { slotBytes });
    this.#logs = setup.logs.map(({ tip, tree }) => ({ tip, tree }));
    this.#recent = setup.logs.map(({ tip }) => new Map(tip.seq > 0n ? [[tip.seq, tip.headerHash]] : []));
    this.#positions = setup.logs.map((_, slot) => slotPositions(spec, slot));
    this.#ahead = spec.runAhead + BigInt(spec.lag) + 1n;
    this.#context = {
      crypto: setup.crypto,
      chainId: setup.chainId,
      taskId: setup.taskId,
      spec,
      parameters: setup.parameters,
      groups: setup.groups,
      startHeight: setup.startHeight,
      order: new BatchOrder(setup.crypto, setup.startBeacon, setup.taskId, spec.batches),
      batchHash: (batch) => setup.batchHashes[batch] as Uint8Array,
      sessionKey: (slot) => this.#keys.get(slot) ?? new Uint8Array(32),
      closures: new Closures(),
      lowestAnchoredRound: (height) => setup.lowestRound(height),
    };
  }

  // ---- what is here ----

  /** The highest seq up to which a slot is logged, or given out to be. */
  head(slot: number): bigint {
    return this.#logs[slot]?.tip.seq ?? 0n;
  }
  heads(): bigint[] {
    return this.#logs.map(({ tip }) => tip.seq);
  }
  tip(slot: number): SlotTip | undefined {
    return this.#logs[slot]?.tip;
  }

  /** Up to where every slot's messages are here without a gap, held-back ones included: whoever sends to us begins behind it. */
  clock(): bigint[] {
    return this.#logs.map(({ tip }, slot) => this.#held.contiguous(slot, tip.seq));
  }

  /** The held-back message with the highest seq of a slot. */
  newestHeld(slot: number): Iteration | undefined {
    return this.#held.newest(slot)?.message;
  }
  heldBytes(slot: number): number {
    return this.#held.bytes(slot);
  }

  /** Up to where a seq that somebody names is to be had: not above where the slot was closed for a fault. */
  needed(slot: number, seq: bigint): bigint {
    const f = this.#ceilings.get(slot);
    return f !== undefined && f < seq ? f : seq;
  }

  /** Slots of which a held message names something that is not here: what to fetch, and from whose message it is known. */
  gaps(): Gap[] {
    const out: Gap[] = [];
    for (let slot = 0; slot < this.#logs.length; slot++) {
      const waited = this.#held.waitedFor(slot);
      const from = this.head(slot) + 1n;
      if (waited && waited.seq >= from && !this.#held.get(slot, from)) out.push({ slot, from, to: waited.seq, namedBy: waited.namedBy });
    }
    return out;
  }

  /** Blocks whose lowest anchored round a message waits for: answered by `roundKnown`. */
  wantedRounds(): bigint[] {
    return [...this.#rounds].filter(([, waiting]) => waiting !== null).map(([height]) => height);
  }

  // ---- the chain ----

  /** The block whose state is applied here. Heights never go back. */
  setView(view: GroupView): void {
    if (view.height > this.#height) this.#height = view.height;
    this.#keys = view.sessionKeys;
    this.#context.closures = closuresOf(view.slots);
    for (const s of view.slots) {
      if (s.status !== SlotStatus.SLOT_CLOSED_FAULT || s.closedSeq === undefined || this.#ceilings.has(s.slot)) continue;
      this.#ceilings.set(s.slot, s.closedSeq);
      this.#held.removeAbove(s.slot, s.closedSeq);
      for (const h of this.#held.wakeAbove(s.slot, s.closedSeq)) this.#settle(h);
    }
    for (const h of this.#held.wakeHeights(this.#height)) this.#settle(h);
  }

  /** A block's lowest anchored round is known by now, or will never be: then run_ahead is not judged at it. */
  roundKnown(height: bigint): void {
    const waiting = this.#rounds.get(height);
    if (!waiting) return;
    if (this.#o.lowestRound(height) === undefined) this.#rounds.set(height, null);
    else this.#rounds.delete(height);
    for (const [old, list] of this.#rounds) if (this.#rounds.size > 1024 && list === null) this.#rounds.delete(old);
    for (const h of waiting) if (this.#held.get(h.slot, h.seq) === h) this.#settle(h);
  }

  // ---- messages ----

  /** A message that came in. Lengths come before hashes, hashes before signatures. */
  offer(message: Iteration): Offer {
    const { crypto, chainId, taskId, spec } = this.#o;
    if (message.header.length > HEADER_BYTES + 10 * spec.slots || message.map.length > this.#longestMap || message.map.length === 0 || message.signature.length !== 64) return { outcome: "malformed" };
    let header: Header;
    try {
      header = decodeHeader(message.header);
    } catch {
      return { outcome: "malformed" };
    }
    const { slot, seq, height, clock } = header;
    if (header.chainId !== chainId || header.taskId !== taskId || !this.#fits(slot, seq, clock)) return { outcome: "misfit" };
    const hash = crypto.sha256(message.header);
    const broken = this.#broken.get(slot);
    if (broken && equalBytes(broken.head.hash, hash)) return { outcome: "broken" };
    const ticket: Ticket = { slot, seq, height, hash, message, size: heldSize(message), header };
    const known = this.#known(slot, seq);
    if (!known && seq <= this.head(slot)) return { ticket: this.#note(ticket), lookup: { slot, seq } };
    return this.#compare(ticket, known);
  }

  /** The hash of what is logged at the (slot, seq) that was to be looked up. */
  looked(id: number, hash: Uint8Array | undefined): Offer {
    const ticket = this.#tickets.get(id);
    if (!ticket) throw new RangeError(`intake: no ticket ${id}`);
    this.#tickets.delete(id);
    return this.#compare(ticket, hash);
  }

  /** Whether the signature is the slot's. */
  verified(id: number, good: boolean): Verified {
    const ticket = this.#tickets.get(id);
    if (!ticket) throw new RangeError(`intake: no ticket ${id}`);
    this.#tickets.delete(id);
    if (this.#verifying.get(ticket.slot) === ticket) this.#verifying.delete(ticket.slot);
    const verified = this.#verified(ticket, good);
    const again = (ticket.waiting ?? []).map((waiting) => {
      const t = this.#tickets.get(waiting) as Ticket;
      this.#tickets.delete(waiting);
      return { ticket: waiting, offer: this.#compare(t, t.known ?? this.#known(t.slot, t.seq)) };
    });
    return { ...verified, again };
  }

  #verified(ticket: Ticket, good: boolean): Omit<Verified, "again"> {
    if (!good) return { outcome: "signature" };
    const { slot, seq, hash, message } = ticket;
    const second: SignedHead = { seq, hash, signature: message.signature };
    const held = this.#held.get(slot, seq);
    const known = ticket.known ?? this.#known(slot, seq);
    if (known) {
      if (equalBytes(known, hash)) return { outcome: "duplicate" };
      const first = held && { seq, hash: held.hash, signature: held.message.signature };
      return { outcome: "equivocation", equivocation: { slot, ...(first ? { first } : {}), second } };
    }
    if (seq <= this.head(slot)) return { outcome: "below" };
    const refused = this.#unwanted(ticket);
    if (refused) return { outcome: refused };
    const broken = this.#broken.get(slot);
    if (broken && equalBytes(broken.head.hash, hash)) return { outcome: "broken" }; // it came twice at one time
    const equivocation = broken && broken.head.seq === seq ? { slot, first: broken.head, second } : undefined;
    const h: Held = { slot, seq, height: ticket.height, hash, message, size: ticket.size, header: ticket.header };
    this.#held.add(h);
    this.#settle(h);
    return { outcome: "held", equivocation };
  }

  /** Messages that may be logged now, in causal order, and those that break a rule: at most `limit`. */
  take(limit: number): Taken[] {
    const out: Taken[] = [];
    while (out.length < limit) {
      const h = this.#ready.shift();
      if (!h) break;
      if (this.#held.get(h.slot, h.seq) !== h) continue;
      this.#held.remove(h);
      out.push(this.#judge(h));
    }
    return out;
  }

  /** Whether `take` has more. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Our own message, which needs no check. */
  advance(header: Header, hash: Uint8Array): SlotTip {
    const held = this.#held.get(header.slot, header.seq);
    if (held) this.#held.remove(held);
    return this.#log(header, hash);
  }

  // ---- inside ----

  #fits(slot: number, seq: bigint, clock: readonly bigint[]): boolean {
    if (slot >= this.#logs.length || clock.length !== this.#logs.length) return false;
    if (seq < 1n || seq > (this.#positions[slot] as bigint) || clock[slot] !== seq - 1n) return false;
    // a message that names what can never exist would be held for ever, and leave a gap that nobody can fill
    return clock.every((c, j) => c <= (this.#positions[j] as bigint));
  }

  /** The hash of what is held or was logged lately at a seq. */
  #known(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#held.get(slot, seq)?.hash ?? this.#recent[slot]?.get(seq);
  }

  #note(ticket: Ticket): number {
    this.#tickets.set(this.#nextTicket, ticket);
    return this.#nextTicket++;
  }

  #compare(ticket: Ticket, known: Uint8Array | undefined): Offer {
    const { crypto, chainId, taskId } = this.#o;
    const { slot, seq, hash, message, header } = ticket;
    if (known && equalBytes(known, hash)) return { outcome: "duplicate" };
    if (!known) {
      if (seq <= this.head(slot)) return { outcome: "below" };
      const refused = this.#unwanted(ticket);
      if (refused) return { outcome: refused };
      // Signed is the header alone. Not remembered as broken: the same header with its own map is still to come.
      if (!equalBytes(crypto.sha256(message.map), header.mapHash)) return { outcome: "map_hash" };
    }
    const key = this.#keys.get(slot);
    if (!key) return { outcome: "far" }; // of a seat that is not joined as far as is known here
    const verifying = this.#verifying.get(slot);
    if (verifying && verifying.seq === seq && equalBytes(verifying.hash, hash)) {
      const waits = this.#note({ ...ticket, known });
      (verifying.waiting ??= []).push(waits);
      return { ticket: waits, waits: true };
    }
    const signed = headSignBytes(crypto, { chainId, taskId, slot, seq, headerHash: hash });
    const noted: Ticket = { ...ticket, known };
    this.#verifying.set(slot, noted);
    return { ticket: this.#note(noted), verify: { key, message: signed, signature: message.signature } };
  }

  #unwanted({ slot, seq, height, size }: Held): Outcome | undefined {
    const head = this.head(slot);
    if (this.needed(slot, seq) < seq) return "closed";
    if (seq > head + this.#ahead || height > this.#height + AHEAD_BLOCKS) return "far";
    return seq === head + 1n || this.#held.hasRoom(slot, size) ? undefined : "full";
  }

  /** Puts a held message where it waits, or among those that are ready. */
  #settle(h: Held): void {
    if (h.height > this.#height) return this.#held.waitForHeight(h, h.height);
    if (h.height >= this.#o.startHeight && this.#o.lowestRound(h.height) === undefined && this.#rounds.get(h.height) !== null) {
      h.header = undefined;
      const waiting = this.#rounds.get(h.height);
      if (waiting) waiting.push(h);
      else this.#rounds.set(h.height, [h]);
      return;
    }
    if (this.head(h.slot) < h.seq - 1n) return this.#held.waitForMessage(h, h.slot, h.seq - 1n);
    // its form was checked when it came in
    const { clock } = (h.header ??= Header.decode(h.message.header));
    for (let slot = 0; slot < clock.length; slot++) {
      const need = slot === h.slot ? h.seq - 1n : this.needed(slot, clock[slot] as bigint);
      if (need > this.head(slot)) return this.#held.waitForMessage(h, slot, need);
    }
    this.#ready.push(h);
  }

  #judge(h: Held): Taken {
    const { slot, seq, hash, message } = h;
    const header = h.header ?? Header.decode(message.header);
    const { tip } = this.#logs[slot] as SlotLog;
    const violation = checkDecoded(this.#context, header, hash, message, { signature: false, mapHash: false }) ?? checkSuccession(this.#context, header, tip);
    if (violation) {
      const outcome: Outcome = `rule_${violation.code}`;
      this.#broken.set(slot, { head: { seq, hash, signature: message.signature }, outcome });
      h.header = undefined;
      return { refused: h, outcome, why: violation.text };
    }
    return { accepted: { ...h, header, tip: this.#log(header, hash) } };
  }

  #log(header: Header, hash: Uint8Array): SlotTip {
    const { slot, seq } = header;
    const log = this.#logs[slot] as SlotLog;
    if (seq !== log.tip.seq + 1n) throw new RangeError(`intake: ${slot}/${seq} after ${slot}/${log.tip.seq}`);
    log.tree.append(hash);
    log.tip = tipAfter({ header, headerHash: hash }, log.tree.root());
    const recent = this.#recent[slot] as Map<bigint, Uint8Array>;
    recent.set(seq, hash);
    recent.delete(seq - BigInt(RECENT));
    for (const h of this.#held.wake(slot, seq)) this.#settle(h);
    return log.tip;
  }
}
