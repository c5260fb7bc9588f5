/** Comma-separated values: numbers only, one row a line, an optional line of column names. */
import { DataFileError } from "./errors.js";
import { notFinite, type TableData, toF32 } from "./table.js";

export function readCsv(path: string, bytes: Uint8Array, header: boolean): TableData {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const first = header ? 1 : 0;
  const rows = lines.length - first;
  if (rows < 1) throw new DataFileError(`${path}: holds no rows. Give a file with one row of numbers a line`);
  const names = header ? cellsOf(lines[0] as string) : [];
  const place = (row: number, column: number): string => `${path}:${first + row + 1}: row ${row + 1}, column ${column + 1}${names[column] ? ` (${JSON.stringify(names[column])})` : ""}`;
  const columns = cellsOf(lines[first] as string).length;
  refuseOtherSeparators(path, first, lines[first] as string, columns);
  if (!header) refuseHeader(path, lines[0] as string);
  const values = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const line = lines[first + r] as string;
    const cells = cellsOf(line);
    if (cells.length !== columns) {
      const got = line.trim() === "" ? "is empty" : `has ${cells.length} column${cells.length === 1 ? "" : "s"}`;
      throw new DataFileError(`${path}:${first + r + 1}: row ${r + 1} ${got}, want ${columns} columns as in the first row. Complete the row or leave it out`);
    }
    for (let c = 0; c < columns; c++) {
      const text = cells[c] as string;
      const v = text === "" ? Number.NaN : Number(text);
      const f = toF32(v);
      if (!Number.isFinite(f)) throw notFinite(v, place(r, c), JSON.stringify(text));
      values[r * columns + c] = f;
    }
  }
  return { path, rows, columns, values, place };
}

const cellsOf = (line: string): string[] => line.split(",").map((cell) => cell.trim());

function refuseOtherSeparators(path: string, first: number, line: string, columns: number): void {
  const found = columns === 1 ? /[;\t]/.exec(line)?.[0] : undefined;
  if (found) throw new DataFileError(`${path}:${first + 1}: columns are separated by ${found === ";" ? "semicolons" : "tabs"}, want commas`);
}

/** Names in the first line, where none were announced: the most common reason for a value that is no number. */
function refuseHeader(path: string, line: string): void {
  const names = cellsOf(line).every((cell) => cell !== "" && Number.isNaN(Number(cell)) && !/^[+-]?(nan|inf(inity)?)$/i.test(cell));
  if (names) throw new DataFileError(`${path}:1: the first line holds names, not numbers. Set data.header to true in the task file`, ["data", "header"]);
}
