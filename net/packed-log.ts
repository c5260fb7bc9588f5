/**
 * A slot's checked log as pages of bytes in shared memory: the thread that fetches and the thread that computes read the
 * same copy, and a message costs its bytes and no objects.
 */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";

export interface Page {
  /** seq of its first message */
  readonly first: bigint;
  /** where header, map and signature of each message end */
  readonly ends: Uint32Array;
  readonly bytes: SharedArrayBuffer;
}

export function packPage(first: bigint, messages: readonly Iteration[]): Page {
  const bytes = new SharedArrayBuffer(messages.reduce((n, m) => n + m.header.length + m.map.length + m.signature.length, 0));
  const view = new Uint8Array(bytes);
  const ends = new Uint32Array(3 * messages.length);
  let at = 0;
  messages.forEach(({ header, map, signature }, i) => {
    for (const [k, part] of [header, map, signature].entries()) {
      view.set(part, at);
      at += part.length;
      ends[3 * i + k] = at;
    }
  });
  return { first, ends, bytes };
}

export class PackedLog {
  readonly #pages: Page[] = [];
  #length = 0n;

  /** Highest seq that is here. */
  get length(): bigint {
    return this.#length;
  }

  /** of the pages that are here */
  get bytes(): number {
    return this.#pages.reduce((n, p) => n + p.bytes.byteLength, 0);
  }

  /** Pages follow each other without a gap. */
  append(page: Page): void {
    if (page.first !== this.#length + 1n) throw new RangeError(`a page from message ${page.first}, want ${this.#length + 1n}`);
    this.#pages.push(page);
    this.#length += BigInt(page.ends.length / 3);
  }

  /** Forgets what lies above. */
  cut(length: bigint): void {
    if (length >= this.#length) return;
    this.#length = length;
    while ((this.#pages.at(-1)?.first ?? 0n) > length) this.#pages.pop();
  }

  /** A copy of a message, in memory of its own. */
  message(seq: bigint): Iteration | undefined {
    const at = this.#find(seq);
    return at && { header: at.part(0), map: at.part(1), signature: at.part(2) };
  }

  header = (seq: bigint): Uint8Array | undefined => this.#find(seq)?.part(0);
  map = (seq: bigint): Uint8Array | undefined => this.#find(seq)?.part(1);

  #find(seq: bigint): { part(k: 0 | 1 | 2): Uint8Array } | undefined {
    if (seq < 1n || seq > this.#length) return undefined;
    let [low, high] = [0, this.#pages.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pages[middle] as Page).first <= seq) low = middle;
      else high = middle - 1;
    }
    const { first, ends, bytes } = this.#pages[low] as Page;
    const i = 3 * Number(seq - first);
    // slice() of a shared view is an ordinary array
    return { part: (k) => new Uint8Array(bytes).slice(ends[i + k - 1] ?? 0, ends[i + k]) };
  }
}
