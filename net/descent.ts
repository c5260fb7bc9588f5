/**
 * A slot's log, message by message from an anchored head down to what is known already. Each header is named by the one above
 * it, so every message is certain when it arrives, whoever sends it, and stays whatever fails afterwards.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { packPage, type Page } from "./packed-log.js";
import { type LogEntry, readEntry } from "./slot-log.js";

/** bytes of a page, but for the message that reaches it */
export const PAGE_BYTES = 1 << 20;

const ZEROS = new Uint8Array(32);

export const messageBytes = (m: Iteration): number => m.header.length + m.map.length + m.signature.length;

export interface DescentOptions {
  readonly taskId: bigint;
  readonly slot: number;
  /** Where pages go as they are full, newest first; without it they stay here. */
  readonly keep?: (page: Page) => void;
}

export class Descent {
  /** Newest first. */
  readonly pages: Page[] = [];
  /** Messages bottom … head are here; `link` is the hash of the header before them. */
  bottom: bigint;
  link: Uint8Array;
  /** newest first: not a page yet */
  #open: LogEntry[] = [];
  #openBytes = 0;

  constructor(
    private readonly options: DescentOptions,
    readonly head: { readonly seq: bigint; readonly hash: Uint8Array },
  ) {
    this.bottom = head.seq + 1n;
    this.link = head.hash;
  }

  /** Checks a message of seq whose header has the hash `link`; answers the link below. Throws on any other. */
  check(m: Iteration, seq: bigint, link: Uint8Array): LogEntry {
    const { taskId, slot } = this.options;
    const e = readEntry(m, taskId, slot, seq);
    if (!equalBytes(e.headerHash, link)) throw new Error(`message ${slot}/${seq}: header hash ${toHex(e.headerHash)}, want ${toHex(link)}`);
    return e;
  }

  /** Takes the next message down; others may have given it already. True when it was new. */
  take(e: LogEntry): boolean {
    if (e.header.seq !== this.bottom - 1n) return false;
    this.#open.push(e);
    this.#openBytes += e.headerBytes.length + e.map.length + e.signature.length;
    this.bottom--;
    this.link = e.header.prev;
    if (this.#openBytes >= PAGE_BYTES) this.seal();
    return true;
  }

  /** What is here lies in pages then. */
  seal(): void {
    if (this.#open.length === 0) return;
    const entries = this.#open.toReversed();
    this.#open = [];
    this.#openBytes = 0;
    const page = packPage((entries[0] as LogEntry).header.seq, entries.map((e) => ({ header: e.headerBytes, map: e.map, signature: e.signature })));
    if (this.options.keep) this.options.keep(page);
    else this.pages.push(page);
  }

  /** Takes over what an earlier descent had from exactly here downwards. */
  join(lower: Descent): void {
    this.seal();
    lower.seal();
    this.pages.push(...lower.pages);
    this.bottom = lower.bottom;
    this.link = lower.link;
  }

  /** Whether an earlier descent ends where this one stands. */
  meets = (lower: Descent): boolean => lower.head.seq === this.bottom - 1n && equalBytes(lower.head.hash, this.link);

  /** Whether what is here follows the header of this hash; undefined stands for the beginning. */
  follows = (hash: Uint8Array | undefined): boolean => equalBytes(this.link, hash ?? ZEROS);
}
