/** The rows of a data set on disk as they were read, so that they can be taken in any order. */
import { type RowShape } from "#protocol/tasks/data.js";
import { type DataField } from "./errors.js";
import { RowFile } from "./scratch.js";
import { checkTarget, reading, type RowSource } from "./source.js";

export interface NamedSource {
  readonly source: RowSource;
  /** the field of the task file that names it */
  readonly at: DataField;
}

export class Spool {
  readonly #file: RowFile;
  readonly #parts: { readonly source: RowSource; readonly first: number }[] = [];

  /** `inputs` and `targets` are the sources' own. */
  constructor(
    readonly inputs: number,
    private readonly targets: number,
  ) {
    this.#file = new RowFile(inputs + targets);
  }

  get rows(): number {
    return this.#file.rows;
  }

  /** Reads a source to its end, each target checked. */
  async add({ source, at }: NamedSource, shape: RowShape): Promise<void> {
    const first = this.rows;
    const width = source.inputs + source.targets;
    this.#parts.push({ source, first });
    await reading(at, async () => {
      let row = 0;
      for await (const values of source.blocks()) {
        for (let from = 0; from < values.length; from += width, row++) {
          for (let c = source.inputs; c < width; c++) if (!source.categories.has(c)) checkTarget(values[from + c] as number, () => source.place(row, c), shape);
          this.#file.append(values.subarray(from, from + width));
        }
      }
    });
  }

  newRow(): Float32Array {
    return new Float32Array(this.inputs + this.targets);
  }

  read(row: number, into: Float32Array): void {
    this.#file.read(row, into);
  }

  /** So many rows, one behind the other. */
  readRows(first: number, rows: number): Float32Array[] {
    const width = this.inputs + this.targets;
    const values = new Float32Array(rows * width);
    this.#file.read(first, values);
    return Array.from({ length: rows }, (_, r) => values.subarray(r * width, (r + 1) * width));
  }

  /** The codes or numbers of a row that was read. */
  target(row: Float32Array, t: number): number {
    const v = row[this.inputs + t] as number;
    return this.#parts[0]?.source.categories.get(this.inputs + t)?.code(v) ?? v;
  }

  place(row: number, column: number): string {
    const part = this.#parts.findLast((p) => p.first <= row);
    return part ? part.source.place(row - part.first, column) : `row ${row + 1}`;
  }

  close(): void {
    this.#file.close();
  }
}
