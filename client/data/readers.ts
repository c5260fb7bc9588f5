/** Opens the files of a data set, in whatever format they are. */
import { type RowShape } from "#protocol/tasks/data.js";
import { openIdx, openNpy } from "./binary.js";
import { Categories } from "./categories.js";
import { openCsv } from "./csv.js";
import { DataFileError, type DataField } from "./errors.js";
import { type DataOptions } from "./options.js";
import { classesOfFolder, openPngFolder } from "./png.js";
import { reading, type RowSource, sourceOfTable, sourceOfTables } from "./source.js";
import { type Table } from "./table.js";
import { openText } from "./text.js";

export interface SourceFile {
  readonly path: string;
  /** the field that names it: data.train, data.train.1, data.test */
  readonly at: DataField;
  readonly labels?: string;
}

/** What the files of a data set have in common. Opens the training files first. */
export class Readers {
  readonly #columns = new Map<number, Categories>();
  /** the column that each entry of data.one_hot is in the first file */
  readonly #oneHot: number[] = [];
  readonly vocabulary = new Categories();
  #classes: readonly string[] | undefined;
  /** of the first file, where the model does not say it: see #checkInputs */
  #inputs: number | undefined;

  constructor(
    private readonly o: DataOptions,
    private readonly shape: RowShape,
    private readonly inputShape: readonly number[],
  ) {}

  /** Throws DataFileError where the file is none of its format, or its columns cannot be the model's. */
  async open(file: SourceFile): Promise<RowSource> {
    return reading(file.at, async () => {
      const { format, window = 1, stride = 1 } = this.o;
      switch (format) {
        case "png":
          return openPngFolder(file.path, this.#classesOf(file), this.inputShape);
        case "text":
          return openText(file.path, { window, stride }, this.vocabulary);
        default:
          return this.#openTable(file);
      }
    });
  }

  /** All training data has been read: the test data has no categories but theirs. */
  close(): void {
    this.vocabulary.close();
    for (const categories of this.#columns.values()) categories.close();
  }

  #classesOf({ path }: SourceFile): readonly string[] {
    if (this.#classes) return this.#classes;
    const classes = classesOfFolder(path);
    if (classes.length !== this.shape.classes) {
      throw new DataFileError(`${path}: has ${classes.length} class folder${classes.length > 1 ? "s" : ""}, the model's last layer has ${this.shape.classes} units. Give the layer as many units as there are classes`);
    }
    this.#classes = classes;
    return classes;
  }

  async #openTable({ path, at, labels }: SourceFile): Promise<RowSource> {
    const { o, shape } = this;
    const table = await openTable(path, o, this.#categories);
    const width = shape.targetSize || 1;
    if (labels !== undefined) {
      const labelsAt: DataField = ["data", `${at[1]}_labels`];
      const targets = await reading(labelsAt, async () => openTable(labels, o));
      if (targets.columns !== width) throw new DataFileError(`${labels}: has ${targets.columns} columns, want ${width}, one row for each row of inputs`, labelsAt);
      this.#checkInputs(path, table.columns, "");
      return sourceOfTables(table, targets, labelsAt, this.#columns);
    }
    this.#checkInputs(path, table.columns - width, ` beside the ${width === 1 ? "label" : `${width} targets`}`);
    const { names = [] } = table;
    const first = columnOf(o.label, names, table.columns);
    if (typeof o.label === "string" && first < 0) throw notNamed(o.label, names, table.columns, ["data", "label"]);
    if (first < 0 || first + width > table.columns) {
      throw new DataFileError(`got ${o.label}, want ${-table.columns} to ${table.columns - width}: ${path} has ${table.columns} columns, counted from 0, or from -1 at the end`, ["data", "label"]);
    }
    for (const column of this.#columns.keys()) {
      if (column >= first && column < first + width) throw new DataFileError("names the column that holds the label, want input columns only", ["data", "one_hot"]);
    }
    return sourceOfTable(table, first, width, this.#columns);
  }

  /** With categories the number of inputs is known only when all have been seen: see `prepareData`. */
  #checkInputs(path: string, inputs: number, beside: string): void {
    if (this.o.oneHot) {
      this.#inputs ??= inputs;
      if (inputs !== this.#inputs) throw new DataFileError(`${path}: has ${Math.max(inputs, 0)} input columns${beside}, the first file has ${this.#inputs}. Give all files the same columns`);
    } else if (inputs !== this.shape.inputSize) throw new DataFileError(`${path}: has ${Math.max(inputs, 0)} input columns${beside}, the model wants ${this.shape.inputSize}. Change model.input or the file`);
  }

  #categories = (names: readonly string[], columns: number): ReadonlyMap<number, Categories> => {
    const { oneHot } = this.o;
    for (const [i, column] of (Array.isArray(oneHot) ? oneHot : []).entries()) {
      const at = columnOf(column, names, columns);
      if (at < 0 || at >= columns) throw notNamed(column, names, columns, ["data", "one_hot", i]);
      const before = (this.#oneHot[i] ??= at);
      if (at !== before) throw new DataFileError(`${JSON.stringify(column)} is column ${at + 1} of one file and column ${before + 1} of another. Give all files the same columns`, ["data", "one_hot", i]);
      if (!this.#columns.has(at)) this.#columns.set(at, new Categories());
    }
    return this.#columns;
  };
}

/** Of a column by its name, or by its number, which counts from the end where it is negative; outside the table where there is none. */
const columnOf = (column: number | string, names: readonly string[], columns: number): number => (typeof column === "string" ? names.indexOf(column) : column < 0 ? columns + column : column);

function notNamed(column: number | string, names: readonly string[], columns: number, field: DataField): DataFileError {
  const known = names.length > 0 ? names.join(", ") : `the first line's names with data.header: true, or ${-columns} to ${columns - 1}`;
  return new DataFileError(`got ${JSON.stringify(column)}, want one of the columns: ${known}`, field);
}

function openTable(path: string, { format, header, separator, oneHot }: DataOptions, categories?: (names: readonly string[], columns: number) => ReadonlyMap<number, Categories>): Promise<Table> {
  if (format === "csv") return openCsv(path, { header, ...(separator ? { separator } : {}), ...(oneHot && categories ? { categories } : {}) });
  return format === "npy" ? openNpy(path) : openIdx(path);
}
