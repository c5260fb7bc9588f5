/** A list of 32-byte hashes, flat: no object each. What is old can be dropped, what is new be cut off. */

const HASH = 32;
const LEAST = 8;

export class HashColumn {
  #bytes = new Uint8Array(LEAST * HASH);
  /** index of the first hash that is here */
  #first: number;
  #length: number;

  /** `first`: how many there were before, which are not here. */
  constructor(first = 0) {
    this.#first = first;
    this.#length = first;
  }

  /** How many there are, those that were dropped included. */
  get length(): number {
    return this.#length;
  }

  push(hash: Uint8Array): void {
    const at = (this.#length - this.#first) * HASH;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(at * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, at);
    this.#length++;
  }

  /** A copy; undefined where there is none, or it was dropped. */
  at(index: number): Uint8Array | undefined {
    if (!(index >= this.#first && index < this.#length)) return undefined;
    const at = (index - this.#first) * HASH;
    return this.#bytes.slice(at, at + HASH);
  }

  /** Cuts off all from `length` on. */
  cut(length: number): void {
    if (length < this.#first) throw new RangeError(`hashes before ${this.#first} were dropped, cannot cut at ${length}`);
    if (length < this.#length) this.#length = length;
  }

  /** Keeps the newest `count`, and up to as many again, so that it costs nothing a hash. */
  keep(count: number): void {
    const held = this.#length - this.#first;
    if (held < 2 * count) return;
    this.#bytes.copyWithin(0, (held - count) * HASH, held * HASH);
    this.#first = this.#length - count;
  }
}
