/** The text of a data file, a chunk at a time. What is no UTF-8 is refused where it stands, with the command that converts it. */
import { chunksOf } from "./bytes.js";
import { DataFileError } from "./errors.js";

/** Throws DataFileError; a byte order mark of UTF-8 is left out. */
export async function* textOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let first = true;
  let line = 1;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw notUtf8(path, line + (chunk ? linesBeforeFault(chunk) : 0));
    }
  };
  for await (const chunk of chunksOf(path)) {
    if (first) refuseForeign(path, chunk);
    first = false;
    const text = decode(chunk);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++;
    yield text;
  }
  yield decode();
}

/** The same of a file that was read. */
export function wholeText(path: string, bytes: Uint8Array): string {
  refuseForeign(path, bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8(path, 1 + linesBeforeFault(bytes));
  }
}

const notUtf8 = (path: string, line: number): DataFileError =>
  new DataFileError(`${path}:${line}: is not UTF-8 text. Convert it: ${conversion(path, "LATIN1")}, with the encoding that it has in place of LATIN1`);

/** What begins with these bytes is of another kind: format and what to do. */
const FOREIGN: readonly (readonly [magic: string, what: string])[] = [
  ["\x93NUMPY", "is an npy file: set data.format to npy"],
  ["\x89PNG", "is a PNG image: set data.format to png, and data.train to the folder of the classes"],
  ["PK\x03\x04", "is a zip archive or a spreadsheet. Export it as CSV, in UTF-8"],
  ["\xd0\xcf\x11\xe0", "is a spreadsheet. Export it as CSV, in UTF-8"],
  ["PAR1", "is a Parquet file. Write it as CSV"],
];
/** Longest marks first: that of UTF-16 begins that of UTF-32. */
const MARKS: readonly (readonly [mark: string, encoding: string])[] = [
  ["\xff\xfe\0\0", "UTF-32"],
  ["\0\0\xfe\xff", "UTF-32"],
  ["\xff\xfe", "UTF-16"],
  ["\xfe\xff", "UTF-16"],
];
/** bytes in which a text of UTF-16 that has no mark shows its zeros */
const SAMPLE = 512;

function refuseForeign(path: string, chunk: Uint8Array): void {
  const begin = Buffer.from(chunk.subarray(0, SAMPLE)).toString("latin1");
  const foreign = FOREIGN.find(([magic]) => begin.startsWith(magic))?.[1];
  if (foreign) throw new DataFileError(`${path}: ${foreign}`);
  const zero = begin.indexOf("\0");
  const encoding = MARKS.find(([mark]) => begin.startsWith(mark))?.[1] ?? (zero < 0 ? undefined : zero % 2 === 1 ? "UTF-16LE" : "UTF-16BE");
  if (encoding) throw new DataFileError(`${path}: is ${encoding} text, want UTF-8. Convert it: ${conversion(path, encoding)}`);
}

/** Whole lines of a chunk before the first that does not decode; the rest of a character begun in the chunk before is skipped. */
function linesBeforeFault(chunk: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let from = 0;
  while (from < 3 && ((chunk[from] ?? 0) & 0xc0) === 0x80) from++;
  for (let lines = 0; ; lines++) {
    const end = chunk.indexOf(0x0a, from);
    if (end < 0) return lines;
    try {
      decoder.decode(chunk.subarray(from, end));
    } catch {
      return lines;
    }
    from = end + 1;
  }
}

function conversion(path: string, encoding: string): string {
  const quoted = (p: string): string => (/^[\w./-]+$/.test(p) ? p : `'${p.replaceAll("'", "'\\''")}'`);
  const plain = path.replace(/\.gz$/, "");
  const converted = quoted(plain.replace(/(\.\w+)?$/, ".utf8$1"));
  const iconv = `iconv -f ${encoding} -t UTF-8`;
  return plain === path ? `${iconv} ${quoted(path)} > ${converted}` : `gzip -dc ${quoted(path)} | ${iconv} > ${converted}`;
}
