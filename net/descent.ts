/**
 * A slot's log, page by page from an anchored head down to what is known already. The last header of each page is named by
 * the page above it, so every page is certain when it arrives, whoever served it, and stays whatever fails afterwards.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { packPage, type Page } from "./packed-log.js";
import { type LogEntry, readEntry } from "./slot-log.js";

/** Asks for messages first … last; `check` throws on what is not them, and then the next supervisor is asked. */
export type FetchPage = (first: bigint, last: bigint, check: (messages: readonly Iteration[]) => readonly LogEntry[]) => Promise<readonly LogEntry[]>;

/** Messages of one page: fewer where each header carries a long clock. */
export const pageSize = (slots: number): bigint => BigInt(Math.max(500, Math.min(10_000, Math.floor(1_000_000 / slots))));

const ZEROS = new Uint8Array(32);

export class Descent {
  /** Newest first. */
  readonly pages: Page[] = [];
  /** Messages bottom … head are here; `link` is the hash of the header before them. */
  bottom: bigint;
  link: Uint8Array;

  constructor(
    private readonly task: { readonly taskId: bigint; readonly slot: number; readonly slots: number },
    readonly head: { readonly seq: bigint; readonly hash: Uint8Array },
  ) {
    this.bottom = head.seq + 1n;
    this.link = head.hash;
  }

  /** Fetches the next page down, nothing at or below `floor`. */
  async step(floor: bigint, fetch: FetchPage): Promise<void> {
    const last = this.bottom - 1n;
    const lowest = this.bottom - pageSize(this.task.slots);
    const first = lowest > floor ? lowest : floor + 1n;
    const entries = await fetch(first, last, (messages) => this.#check(first, last, messages));
    this.pages.push(packPage(first, entries.map((e) => ({ header: e.headerBytes, map: e.map, signature: e.signature }))));
    this.bottom = first;
    this.link = (entries[0] as LogEntry).header.prev;
  }

  /** Takes over what an earlier descent had from exactly here downwards. */
  join(lower: Descent): void {
    this.pages.push(...lower.pages);
    this.bottom = lower.bottom;
    this.link = lower.link;
  }

  /** Whether an earlier descent ends where this one stands. */
  meets = (lower: Descent): boolean => lower.head.seq === this.bottom - 1n && equalBytes(lower.head.hash, this.link);

  /** Whether what is here follows the header of this hash; undefined stands for the beginning. */
  follows = (hash: Uint8Array | undefined): boolean => equalBytes(this.link, hash ?? ZEROS);

  #check(first: bigint, last: bigint, messages: readonly Iteration[]): LogEntry[] {
    const { taskId, slot } = this.task;
    if (BigInt(messages.length) !== last - first + 1n) throw new Error(`got ${messages.length} of messages ${first} … ${last} of slot ${slot}`);
    const entries = messages.map((m, i) => readEntry(m, taskId, slot, first + BigInt(i)));
    let link = this.link;
    for (let i = entries.length - 1; i >= 0; i--) {
      const e = entries[i] as LogEntry;
      if (!equalBytes(e.headerHash, link)) throw new Error(`message ${slot}/${e.header.seq}: header hash ${toHex(e.headerHash)}, want ${toHex(link)}`);
      link = e.header.prev;
    }
    return entries;
  }
}
