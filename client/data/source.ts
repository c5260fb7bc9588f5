/** Rows of inputs and targets, whatever format they are stored in. */
import { MAX_VALUE, type RowShape } from "#protocol/tasks/data.js";
import { type Categories } from "./categories.js";
import { DataFileError, type DataField } from "./errors.js";
import { outOfRange, type Table } from "./table.js";

/** Rows that are read once, in the order of their file: inputs, then targets, as they are before they are encoded. */
export interface RowSource {
  readonly inputs: number;
  readonly targets: number;
  /** inputs and targets whose numbers stand for values that are ranked when all are known */
  readonly categories: ReadonlyMap<number, Categories>;
  /** whole rows, some at a time; an array is used again once the next is asked for */
  blocks(): AsyncIterable<Float32Array>;
  readonly place: (row: number, column: number) => string;
}

/** The targets stand in the table itself, from column `first` on. */
export function sourceOfTable(table: Table, first: number, width: number, categories: ReadonlyMap<number, Categories>): RowSource {
  const inputs = table.columns - width;
  const columnOf = (c: number): number => (c >= inputs ? first + c - inputs : c < first ? c : c + width);
  const from = Uint32Array.from({ length: table.columns }, (_, c) => columnOf(c));
  const own = new Map<number, Categories>();
  from.forEach((column, c) => {
    const known = categories.get(column);
    if (known) own.set(c, known);
  });
  return {
    inputs,
    targets: width,
    categories: own,
    place: (row, c) => table.place(row, columnOf(c)),
    async *blocks() {
      for await (const values of table.blocks()) {
        const out = new Float32Array(values.length);
        for (let at = 0; at < values.length; at += table.columns) for (let c = 0; c < table.columns; c++) out[at + c] = values[at + (from[c] as number)] as number;
        yield out;
      }
    },
  };
}

/** The targets stand in a table of their own, row by row; `labelsAt` is the field that names it. */
export function sourceOfTables(table: Table, labels: Table, labelsAt: DataField, categories: ReadonlyMap<number, Categories>): RowSource {
  const inputs = table.columns;
  const width = labels.columns;
  return {
    inputs,
    targets: width,
    categories,
    place: (row, c) => (c < inputs ? table.place(row, c) : labels.place(row, c - inputs)),
    async *blocks() {
      const targets = new RowCursor(labels, labelsAt);
      let rows = 0;
      let matched = 0;
      for await (const values of table.blocks()) {
        const n = values.length / inputs;
        const out = new Float32Array(n * (inputs + width));
        for (let r = 0; r < n; r++) {
          out.set(values.subarray(r * inputs, (r + 1) * inputs), r * (inputs + width));
          const target = targets.ready ? targets.next() : (await targets.more()) ? targets.next() : undefined;
          if (target) matched++;
          if (target) out.set(target, r * (inputs + width) + inputs);
        }
        rows += n;
        if (matched === rows) yield out;
      }
      let all = matched;
      for (; targets.ready || (await targets.more()); all++) targets.next();
      if (all !== rows) throw new DataFileError(`${labels.path}: has ${all} rows, want ${rows}, one for each row of inputs`, labelsAt);
    },
  };
}

/** The rows of a table one after another. */
class RowCursor {
  readonly #blocks: AsyncIterator<Float32Array>;
  #block: Float32Array = new Float32Array(0);

  constructor(
    private readonly table: Table,
    private readonly field: DataField,
  ) {
    this.#blocks = table.blocks()[Symbol.asyncIterator]();
  }

  get ready(): boolean {
    return this.#block.length > 0;
  }

  next(): Float32Array {
    const { columns } = this.table;
    const row = this.#block.subarray(0, columns);
    this.#block = this.#block.subarray(columns);
    return row;
  }

  async more(): Promise<boolean> {
    while (!this.ready) {
      const { done, value } = await reading(this.field, async () => this.#blocks.next());
      if (done) return false;
      this.#block = value;
    }
    return true;
  }
}

/** A file's own fault, told with the field that names the file. */
export async function reading<T>(field: DataField, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (e) {
    if (e instanceof DataFileError && !e.field) throw new DataFileError(e.message, field);
    throw e;
  }
}

/** What the model makes of a target: a class, a probability, or a number as it is. */
export function checkTarget(v: number, place: () => string, { classes, probabilities }: RowShape): void {
  if (classes === 0) {
    if (probabilities && !(v >= 0 && v <= 1)) throw new DataFileError(`${place()}: the target is ${v}, want 0 to 1, as binary_cross_entropy takes it. Write the two classes as 0 and 1`);
    if (Math.abs(v) > MAX_VALUE) throw outOfRange(v, `${place()}: the target`, "Scale the targets in the file: divide them all by one number");
    return;
  }
  if (Number.isInteger(v) && v >= 0 && v < classes) return;
  throw new DataFileError(`${place()}: the label is ${v}, want a whole number from 0 to ${classes - 1}: the model's last layer has ${classes} units`);
}
