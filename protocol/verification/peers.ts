/**
 * A miner's view of its peers, where it differs from the log: what a peer that forked showed to it alone.
 *
 * Only messages that the peer's own session key signed count, so a miner cannot make up a state: it can only show one
 * that somebody signed. They are grafted onto the replica from the first one that the log has otherwise.
 */
import { equalBytes } from "#kernel/bytes.js";
import type { Header, Iteration, SignedHead } from "#proto/gen/pouw/v1/iteration.js";
import type { CheckContext } from "../log/check.js";
import { decodeHeader, headerHash, verifyHead } from "../log/header.js";
import { checkMap, mapHash } from "../state/map.js";
import { slotPositions } from "../log/positions.js";
import type { Replica } from "../state/replica.js";

/** Two signed heads of one slot with one seq and different hashes. */
export interface Equivocation {
  slot: number;
  first: SignedHead;
  second: SignedHead;
}

export interface PeersInput {
  /** The slot whose view this is. */
  slot: number;
  /** What its miner served. */
  peers?: readonly Iteration[] | undefined;
  /** The log. */
  iterationOf(slot: number, seq: bigint): Iteration | undefined;
}

interface PeerMessage {
  header: Header;
  hash: Uint8Array;
  map: Uint8Array;
  signature: Uint8Array;
}

export class Peers {
  /** Whether the replica now holds the miner's view. */
  grafted = false;
  equivocation: Equivocation | undefined;
  /** How many served messages are what they say they are. */
  count = 0;
  readonly #maps = new Map<string, Uint8Array>();

  constructor(
    readonly ctx: CheckContext,
    readonly replica: Replica,
    readonly input: PeersInput,
  ) {}

  /** Map bytes in the view: the grafted ones, else the log's. */
  map(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#maps.get(`${slot}/${seq}`) ?? this.input.iterationOf(slot, seq)?.map;
  }

  graft(): void {
    const bySlot = new Map<number, PeerMessage[]>();
    for (const message of this.input.peers ?? []) {
      const m = this.#accept(message);
      if (!m) continue;
      this.count++;
      const list = bySlot.get(m.header.slot);
      if (list) list.push(m);
      else bySlot.set(m.header.slot, [m]);
    }
    for (const [slot, list] of bySlot) this.#graftSlot(slot, list);
  }

  #graftSlot(slot: number, list: PeerMessage[]): void {
    list.sort((a, b) => (a.header.seq < b.header.seq ? -1 : a.header.seq > b.header.seq ? 1 : 0));
    const other = list.find((m) => !this.#inLog(m));
    if (!other) return;
    const first = other.header.seq;
    if (first > this.replica.knownSeq(slot) + 1n) return;
    const logged = this.input.iterationOf(slot, first);
    const clock = this.replica.clock;
    if ((clock[slot] as bigint) >= first) {
      clock[slot] = first - 1n;
      this.replica.moveTo(clock, (s, q) => this.map(s, q));
    }
    this.replica.forget(slot, first - 1n);
    let previous: Uint8Array | undefined;
    let next = first;
    for (const m of list) {
      if (m.header.seq !== next || (previous && !equalBytes(m.header.prev, previous)) || (next === first && this.#inLog(m))) continue;
      this.replica.record({ slot, seq: next, headerHash: m.hash, mapHash: m.header.mapHash });
      this.#maps.set(`${slot}/${next}`, m.map);
      previous = m.hash;
      next++;
    }
    this.grafted = true;
    if (logged) {
      this.equivocation ??= {
        slot,
        first: { seq: first, hash: headerHash(this.ctx.crypto, logged.header), signature: logged.signature },
        second: { seq: first, hash: other.hash, signature: other.signature },
      };
    }
  }

  #inLog(m: PeerMessage): boolean {
    const logged = this.input.iterationOf(m.header.slot, m.header.seq);
    return logged !== undefined && equalBytes(headerHash(this.ctx.crypto, logged.header), m.hash);
  }

  /** A message of another slot that its session key signed, with its own canonical map; anything else is not one. */
  #accept(message: Iteration): PeerMessage | undefined {
    const { ctx } = this;
    let header: Header;
    try {
      header = decodeHeader(message.header);
      checkMap(ctx.groups, message.map);
    } catch {
      return undefined;
    }
    if (header.chainId !== ctx.chainId || header.taskId !== ctx.taskId) return undefined;
    if (header.slot >= ctx.spec.slots || header.slot === this.input.slot) return undefined;
    if (header.seq < 1n || header.seq > slotPositions(ctx.spec, header.slot)) return undefined;
    if (!equalBytes(header.mapHash, mapHash(ctx.crypto, message.map))) return undefined;
    const hash = headerHash(ctx.crypto, message.header);
    if (!verifyHead(ctx.crypto, ctx.sessionKey(header.slot), { ...ctx, slot: header.slot, seq: header.seq, headerHash: hash }, message.signature)) return undefined;
    return { header, hash, map: message.map, signature: message.signature };
  }
}
