/**
 * The log of one task as this verifier has fetched and checked it. What lies at or below an anchored head is checked by
 * hash links up to it; what lies above (a peer's messages that the chain has not anchored yet) by the slot's signature.
 */
import { verifyHead } from "#protocol/header.js";
import { fetchSpan, type LogClient, type LogEntry } from "#net/index.js";
import { type AnchoredHead } from "#proto/gen/pouw.js";

const ZEROS = new Uint8Array(32);

export interface SlotKeys {
  readonly chainId: string;
  readonly taskId: bigint;
  /** session keys by slot */
  readonly keys: readonly Uint8Array[];
}

/** Served by no supervisor: what the chain then does depends on whether the message is anchored. */
export class Unserved extends Error {
  override readonly name = "Unserved";
  constructor(
    readonly slot: number,
    readonly seq: bigint,
    readonly anchored: boolean,
    why: string,
  ) {
    super(`message ${slot}/${seq} is served by no supervisor: ${why}`);
  }
}

export class TaskLog {
  readonly #entries: LogEntry[][];
  /** by slot: up to here the entries are known to be the anchored ones */
  readonly #anchored: bigint[];

  constructor(
    private readonly client: LogClient,
    private readonly task: SlotKeys,
  ) {
    this.#entries = task.keys.map(() => []);
    this.#anchored = task.keys.map(() => 0n);
  }

  /** Highest seq that is here. */
  length(slot: number): bigint {
    return BigInt(this.#entries[slot]?.length ?? 0);
  }

  entry(slot: number, seq: bigint): LogEntry | undefined {
    return this.#entries[slot]?.[Number(seq) - 1];
  }

  map = (slot: number, seq: bigint): Uint8Array | undefined => this.entry(slot, seq)?.map;

  /**
   * Makes sure that the slot's messages 1 … seq are here. `heads` are the slot's anchored heads, ascending; the first at
   * or above seq is what they are checked against. Entries that were fetched before their head was anchored and turn out
   * to be of another fork are fetched anew: answers the lowest seq that changed, if any.
   */
  async ensure(slot: number, seq: bigint, heads: readonly AnchoredHead[], signal: AbortSignal): Promise<bigint | undefined> {
    let changed: bigint | undefined;
    const head = heads.find((h) => h.seq >= seq) ?? heads.at(-1);
    if (head && head.seq > 0n && (this.#anchored[slot] as bigint) < head.seq) changed = await this.#fetchAnchored(slot, head, signal);
    if (this.length(slot) < seq) await this.#fetchSigned(slot, seq, signal);
    return changed;
  }

  async #fetchAnchored(slot: number, head: AnchoredHead, signal: AbortSignal): Promise<bigint | undefined> {
    const list = this.#entries[slot] as LogEntry[];
    const sure = this.#anchored[slot] as bigint;
    const here = this.entry(slot, head.seq);
    if (here && sameHash(here.headerHash, head.hash)) {
      this.#anchored[slot] = head.seq;
      return undefined;
    }
    const previous = sure === 0n ? ZEROS : (list[Number(sure) - 1] as LogEntry).headerHash;
    const fetched = await this.#span(slot, sure + 1n, previous, head.seq, head.hash, true, signal);
    const had = list.length;
    let changed: bigint | undefined;
    fetched.forEach((e, i) => {
      const at = Number(sure) + i;
      const old = list[at];
      if (old && changed === undefined && !sameHash(old.headerHash, e.headerHash)) changed = e.header.seq;
    });
    list.length = Number(sure);
    list.push(...fetched);
    if (changed === undefined && had > list.length) changed = BigInt(list.length + 1);
    this.#anchored[slot] = head.seq;
    return changed;
  }

  async #fetchSigned(slot: number, seq: bigint, signal: AbortSignal): Promise<void> {
    const list = this.#entries[slot] as LogEntry[];
    const previous = list.at(-1)?.headerHash ?? ZEROS;
    const entries = await this.#span(slot, this.length(slot) + 1n, previous, seq, undefined, false, signal);
    const { chainId, taskId, keys } = this.task;
    for (const e of entries) {
      const id = { chainId, taskId, slot, seq: e.header.seq, headerHash: e.headerHash };
      if (!verifyHead(keys[slot] as Uint8Array, id, e.signature)) throw new Unserved(slot, e.header.seq, false, "the signature is not the slot's");
    }
    list.push(...entries);
  }

  async #span(slot: number, first: bigint, previous: Uint8Array, last: bigint, hash: Uint8Array | undefined, anchored: boolean, signal: AbortSignal) {
    try {
      return await fetchSpan(this.client, { taskId: this.task.taskId, slot, first, previous, last, ...(hash ? { hash } : {}) }, { signal, timeout: 60_000 });
    } catch (e) {
      signal.throwIfAborted();
      throw new Unserved(slot, last, anchored, (e as Error).message);
    }
  }
}

const sameHash = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
