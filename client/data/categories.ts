/** The different values of a categorical column, or the characters of a text: code 0, 1, … in sorted order. */
export class Categories {
  /** in the order of their first appearance, which is what rows hold until all are known */
  readonly #seen = new Map<string, number>();
  #ranks: Uint32Array | undefined;

  get size(): number {
    return this.#seen.size;
  }

  /** A number that stands for the value until it is ranked; undefined for one that is new after `close`. */
  mark(value: string): number | undefined {
    const known = this.#seen.get(value);
    if (known !== undefined || this.#ranks) return known;
    const mark = this.#seen.size;
    this.#seen.set(value, mark);
    return mark;
  }

  /** All values of the training data are known: later ones are refused. */
  close(): void {
    this.#ranks = new Uint32Array(this.#seen.size);
    for (const [code, value] of this.values().entries()) this.#ranks[this.#seen.get(value) as number] = code;
  }

  /** The code of a marked value. */
  code(mark: number): number {
    return this.#ranks?.[mark] as number;
  }

  /** Numbers by size when all are numbers, else texts by their code points. */
  values(): string[] {
    const values = [...this.#seen.keys()];
    const numbers = values.every((v) => v.trim() !== "" && Number.isFinite(Number(v)));
    return values.sort(numbers ? (a, b) => Number(a) - Number(b) || compare(a, b) : compare);
  }
}

/** By code points, which is what their UTF-8 sorts by. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
