/** Comma-separated values: one row a line, an optional line of column names; numbers, but in columns named as categories. */
import { type Categories } from "./categories.js";
import { DataFileError } from "./errors.js";
import { cellSplitter, refuseOtherSeparators, type Separator } from "./separators.js";
import { notFinite, type Table, toF32 } from "./table.js";
import { textOf } from "./utf8.js";

/** characters; a longer line is no row of numbers */
const LONGEST_LINE = 1 << 24;

export interface CsvOptions {
  readonly header?: boolean;
  /** commas without it */
  readonly separator?: Separator;
  /** the columns that hold categories, once the file's names and number of columns are known */
  readonly categories?: (names: readonly string[], columns: number) => ReadonlyMap<number, Categories>;
}

export async function openCsv(path: string, { header = false, separator = "comma", categories }: CsvOptions): Promise<Table> {
  const batches = linesOf(path);
  const splitCells = cellSplitter(separator);
  const cellsOf = (line: string): string[] => splitCells(line).map((cell) => cell.trim());
  const first = header ? 1 : 0;
  const begun: string[] = [];
  while (begun.slice(first).every(isBlank)) {
    const { done, value } = await batches.next();
    if (done) throw new DataFileError(`${path}: holds no rows. Give a file with one row of numbers a line`);
    for (const line of value) begun.push(line);
  }
  const names = header ? cellsOf(begun[0] as string) : [];
  const columns = cellsOf(begun[first] as string).length;
  refuseOtherSeparators(path, first + 1, begun[first] as string, separator);
  if (!header && !categories) refuseHeader(path, cellsOf(begun[0] as string));
  const place = (row: number, column: number): string => `${path}:${first + row + 1}: row ${row + 1}, column ${column + 1}${names[column] ? ` (${JSON.stringify(names[column])})` : ""}`;
  const marks = categories?.(names, columns) ?? new Map<number, Categories>();

  function parseRow(line: string, row: number, into: Float32Array, at: number): void {
    const cells = splitCells(line);
    if (cells.length !== columns) {
      const got = isBlank(line) ? "is empty" : `has ${cells.length} column${cells.length === 1 ? "" : "s"}`;
      throw new DataFileError(`${path}:${first + row + 1}: row ${row + 1} ${got}, want ${columns} columns as in the first row. Complete the row or leave it out`);
    }
    for (let c = 0; c < columns; c++) {
      const text = cells[c] as string;
      const known = marks.get(c);
      into[at + c] = known ? marked(known, text.trim(), place(row, c)) : numberOf(text, row, c);
    }
  }
  function numberOf(text: string, row: number, column: number): number {
    let v = Number(text);
    // Number("") is 0
    if (v === 0 && isBlank(text)) v = Number.NaN;
    const f = toF32(v);
    if (Number.isNaN(v) && !/^\s*([+-]?nan)?\s*$/i.test(text)) {
      throw new DataFileError(`${place(row, column)} is ${JSON.stringify(text.trim())}, want a number. Correct the value or leave its row out; a column of words is named in data.one_hot, and classes are written 0, 1, …`);
    }
    if (!Number.isFinite(f)) throw notFinite(v, place(row, column), JSON.stringify(text.trim()));
    return f;
  }

  return {
    path,
    columns,
    names,
    place,
    async *blocks() {
      let row = 0;
      let blank = 0;
      let lines = begun.slice(first);
      for (;;) {
        const values = new Float32Array((lines.length + blank) * columns);
        let filled = 0;
        for (const line of lines) {
          // blank lines are nothing at the end of the file, and a fault before a row
          if (isBlank(line)) {
            blank++;
            continue;
          }
          if (blank > 0) parseRow("", row, values, filled);
          parseRow(line, row++, values, filled);
          filled += columns;
        }
        yield values.subarray(0, filled);
        const { done, value } = await batches.next();
        if (done) return;
        lines = value;
      }
    },
  };
}

function marked(categories: Categories, text: string, place: string): number {
  if (text === "") throw new DataFileError(`${place} is "", want a category. Complete the value or leave its row out`);
  const mark = categories.mark(text);
  if (mark === undefined) throw new DataFileError(`${place} is ${JSON.stringify(text)}, a category that the training data does not have. Leave the row out, or add such rows to the training data`);
  return mark;
}

/** Lines without their ends, as many at a time as a chunk completes. */
async function* linesOf(path: string): AsyncGenerator<string[], undefined> {
  let rest = "";
  for await (const text of textOf(path)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    if (rest.length > LONGEST_LINE) throw new DataFileError(`${path}: has a line of more than ${LONGEST_LINE} characters, want one row of numbers a line`);
    if (lines.length > 0) yield lines.map(withoutReturn);
  }
  if (rest !== "") yield [withoutReturn(rest)];
  return undefined;
}

const withoutReturn = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);
const isBlank = (line: string): boolean => line.trim() === "";

/** Names in the first line, where none were announced: the most common reason for a value that is no number. */
function refuseHeader(path: string, cells: readonly string[]): void {
  const names = cells.every((cell) => cell !== "" && Number.isNaN(Number(cell)) && !/^[+-]?(nan|inf(inity)?)$/i.test(cell));
  if (names) throw new DataFileError(`${path}:1: the first line holds names, not numbers. Set data.header to true in the task file`, ["data", "header"]);
}
