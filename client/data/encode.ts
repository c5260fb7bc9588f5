/** From rows as they were read to rows as the model takes them: categories, scale, normalisation. */
import { type Categories } from "./categories.js";
import { MAX_VALUE } from "#protocol/tasks/data.js";
import { notFinite, outOfRange, toF32 } from "./table.js";

export type Normalise = "standard" | "min_max";

export interface EncodingOptions {
  /** what every number is multiplied by */
  readonly scale: number;
  /** by columns, from the rows that are trained on; then `scale` is 1 */
  readonly normalise?: Normalise;
  /** categories become one number each, 0 or 1, instead of their code */
  readonly oneHot: boolean;
}

/** (v − shift) / divisor, by columns */
interface Scaling {
  readonly shift: Float64Array;
  readonly divisor: Float64Array;
}

export class Encoding {
  readonly size: number;
  readonly #marks: readonly (Categories | undefined)[];
  readonly #statistics: ColumnStatistics | undefined;
  #scaling: Scaling | undefined;

  /** Every one of `categories` is closed. */
  constructor(
    private readonly inputs: number,
    categories: ReadonlyMap<number, Categories>,
    private readonly o: EncodingOptions,
  ) {
    this.#marks = Array.from({ length: inputs }, (_, c) => categories.get(c));
    this.size = this.#marks.reduce((n, m) => n + (m && o.oneHot ? m.size : 1), 0);
    if (o.normalise) this.#statistics = new ColumnStatistics(inputs);
  }

  /** Whether every row that is trained on must be shown to `learn` first. */
  get learns(): boolean {
    return this.#statistics !== undefined;
  }

  learn(row: Float32Array): void {
    this.#statistics?.add(row, (mark, c) => this.#marks[c]?.code(mark) ?? mark);
  }

  /** Writes the row's `size` numbers at `at`. `place` names one of the row's columns. */
  encode(row: Float32Array, into: Float32Array, at: number, place: (column: number) => string): void {
    const { inputs, o } = this;
    this.#scaling ??= o.normalise && this.#statistics?.scaling(o.normalise);
    let n = at;
    for (let c = 0; c < inputs; c++) {
      const marks = this.#marks[c];
      let v = row[c] as number;
      if (marks) {
        v = marks.code(v);
        if (o.oneHot) {
          into.fill(0, n, n + marks.size);
          into[n + v] = 1;
          n += marks.size;
          continue;
        }
      }
      const scaled = this.#scaling ? (v - (this.#scaling.shift[c] as number)) / (this.#scaling.divisor[c] as number) : v * o.scale;
      const f = toF32(scaled);
      if (!Number.isFinite(f)) throw notFinite(scaled, `${place(c)}, ${o.normalise ? "normalised" : "times data.scale"},`);
      if (Math.abs(f) > MAX_VALUE) throw outOfRange(f, `${place(c)}${o.normalise ? ", normalised," : o.scale === 1 ? "" : ", times data.scale,"}`, o.normalise ? "Correct the value or leave its row out" : "Scale the data (set data.normalise to standard, or data.scale), or correct the value");
      into[n++] = f;
    }
  }
}

/** Mean, spread and range of columns, a row at a time (Welford's method). */
class ColumnStatistics {
  #rows = 0;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;
  readonly #least: Float64Array;
  readonly #most: Float64Array;

  constructor(private readonly columns: number) {
    this.#mean = new Float64Array(columns);
    this.#squares = new Float64Array(columns);
    this.#least = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
    this.#most = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  }

  add(row: Float32Array, value: (v: number, column: number) => number): void {
    this.#rows++;
    for (let c = 0; c < this.columns; c++) {
      const v = value(row[c] as number, c);
      const off = v - (this.#mean[c] as number);
      const mean = (this.#mean[c] as number) + off / this.#rows;
      this.#mean[c] = mean;
      this.#squares[c] = (this.#squares[c] as number) + off * (v - mean);
      this.#least[c] = Math.min(this.#least[c] as number, v);
      this.#most[c] = Math.max(this.#most[c] as number, v);
    }
  }

  /** A column of one value becomes 0. */
  scaling(how: Normalise): Scaling {
    const divisor = how === "standard" ? this.#squares.map((s) => Math.sqrt(s / this.#rows)) : this.#most.map((m, c) => m - (this.#least[c] as number));
    return { shift: how === "standard" ? this.#mean : this.#least, divisor: divisor.map((d) => d || 1) };
  }
}
