/** Runs the cases of a vector file and says, one line a case, what differs. */
import type { Json, Operations } from "./operations.js";

export interface Case {
  op: string;
  in: Json;
  out: Json;
}

/** What differs, or undefined when the case passes. */
export function checkCase(operations: Operations, test: Case): string | undefined {
  const operation = Object.hasOwn(operations, test.op) ? operations[test.op] : undefined;
  if (!operation) return `unknown op ${JSON.stringify(test.op)}, want one of ${Object.keys(operations).join(", ")}`;
  let got: Json;
  try {
    got = operation(test.in, test.out);
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  return difference(got, test.out, "out");
}

/** The cases of a parsed vector file. Throws when it has not that form. */
export function casesOf(file: Json): Case[] {
  if (!Array.isArray(file?.cases)) throw new Error('not a vector file: want {"cases": [{"op", "in", "out"}, …]}');
  return file.cases;
}

/** The first place where two JSON values differ; members may stand in any order. */
function difference(got: Json, want: Json, path: string): string | undefined {
  if (Object.is(got, want)) return undefined;
  if (isObject(got) && isObject(want)) {
    if (Array.isArray(got) !== Array.isArray(want)) return `${path}: got ${show(got)}, want ${show(want)}`;
    if (Array.isArray(got) && got.length !== want.length) return `${path}: got ${got.length} elements, want ${want.length}`;
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
      const where = Array.isArray(got) ? `${path}[${key}]` : `${path}.${key}`;
      if (!Object.hasOwn(got, key)) return `${where}: got nothing, want ${show(want[key])}`;
      if (!Object.hasOwn(want, key)) return `${where}: got ${show(got[key])}, want nothing`;
      const found = difference(got[key], want[key], where);
      if (found) return found;
    }
    return undefined;
  }
  return `${path}: got ${show(got)}, want ${show(want)}`;
}

const isObject = (value: Json): boolean => typeof value === "object" && value !== null;

function show(value: Json): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 160 ? `${text.slice(0, 160)}… (${text.length} characters)` : text;
}
