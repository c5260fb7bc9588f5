/** What a file of rows and columns is read as, and the words for a place in it. */
import { MAX_VALUE } from "#protocol/tasks/data.js";
import { DataFileError } from "./errors.js";

/** A table that is read once, from its first row to its last. */
export interface Table {
  readonly path: string;
  readonly columns: number;
  /** of the columns, where the file tells them */
  readonly names?: readonly string[];
  /** whole rows of binary32, some at a time; an array is used again once the next is asked for */
  blocks(): AsyncIterable<Float32Array>;
  /** `file:line: row 2, column 3 ("age")`: rows and columns counted from 1, the line where the file has lines */
  readonly place: (row: number, column: number) => string;
}

/** The largest finite binary32. */
const MAX_F32 = "3.4e38";

/**
 * The value as binary32, or what is not finite. A task's data refuses NaN, infinities and −0 (protocol section 12):
 * −0, and what underflows to it, becomes 0.
 */
export const toF32 = (v: number): number => Math.fround(v) + 0;

/** Refuses a value that a 32-bit float holds and training does not. */
export const outOfRange = (v: number, what: string, remedy: string): DataFileError =>
  new DataFileError(`${what} is ${v}, want -${MAX_VALUE} to ${MAX_VALUE}: with larger values training diverges. ${remedy}`);

/** Refuses a value at a place of a file: no number, or one too large for binary32. */
export function notFinite(v: number, place: string, shown: string = String(v)): DataFileError {
  const why = Number.isFinite(v) ? `which no 32-bit float holds, want at most ${MAX_F32}. Scale the data down` : "want a finite number. Correct the value or leave its row out";
  return new DataFileError(`${place} is ${shown}, ${why}`);
}
