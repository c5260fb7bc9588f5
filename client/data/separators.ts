/** How the columns of a text table are told apart, and what a line shows that is separated otherwise. */
import { DataFileError } from "./errors.js";

export const SEPARATORS = ["comma", "semicolon", "tab", "space", "pipe"] as const;
export type Separator = (typeof SEPARATORS)[number];

const CHARACTERS = { comma: ",", semicolon: ";", tab: "\t", pipe: "|" } as const;
const PLURAL: Readonly<Record<Separator, string>> = { comma: "commas", semicolon: "semicolons", tab: "tabs", space: "spaces", pipe: "pipes" };

/** Cells of a line; a quoted one may hold separators and, doubled, quotes. PERF: a plain split where a line has no quotes. */
export function cellSplitter(separator: Separator): (line: string) => string[] {
  if (separator === "space") {
    const cell = /"((?:[^"]|"")*)"|\S+/g;
    return (line) => (line.includes('"') ? [...line.matchAll(cell)].map(([plain, quoted]) => quoted?.replaceAll('""', '"') ?? plain) : line.trim().split(/\s+/));
  }
  const character = CHARACTERS[separator];
  const escaped = `\\${character}`;
  // what stands around a quoted cell may be blank, but never the separator itself
  const blank = character === "\t" ? " *" : "\\s*";
  const cell = new RegExp(`(?:^|${escaped})(?:${blank}"((?:[^"]|"")*)"${blank}(?=${escaped}|$)|([^${escaped}]*))`, "g");
  return (line) => (line.includes('"') ? [...line.matchAll(cell)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain as string)) : line.split(character));
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Throws DataFileError when a line's only column is several, or its decimals are written with commas. */
export function refuseOtherSeparators(path: string, place: number, line: string, separator: Separator): void {
  if (separator !== "comma") {
    if (cellSplitter(separator)(line).length === 1 && line.includes(",")) throw new DataFileError(`${path}:${place}: columns are separated by commas. Leave data.separator out`);
    return;
  }
  const parts = line.split(";");
  if (parts.length > 1 && parts.some((p) => p.includes(",")) && parts.every((p) => NUMBER.test(p.trim().replace(",", ".")))) {
    throw new DataFileError(`${path}:${place}: columns are separated by semicolons and decimals by commas. Write points and commas: ${inShell(path, "tr ',;' '.,'")}`);
  }
  if (cellSplitter("comma")(line).length > 1) return;
  const found = (["semicolon", "tab", "pipe"] as const).find((s) => line.includes(CHARACTERS[s])) ?? (spaced(line) ? "space" : undefined);
  if (found) throw new DataFileError(`${path}:${place}: columns are separated by ${PLURAL[found]}, want commas. Set data.separator to ${found} in the task file`, ["data", "separator"]);
}

/** A number, and more behind it: not one category of several words. */
function spaced(line: string): boolean {
  const [first = "", ...more] = line.trim().split(/\s+/);
  return more.length > 0 && NUMBER.test(first);
}

const inShell = (path: string, command: string): string => (path.endsWith(".gz") ? `gzip -dc ${path} | ${command}` : `${command} < ${path}`);
