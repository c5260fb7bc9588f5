import { TopologyError } from "./error.js";

/** A topology comes from anybody, in a transaction: bounded in size and depth before it is parsed. */
const MAX_LENGTH = 1 << 18;
const MAX_DEPTH = 32;
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function parseStrictJson(text: string): Json {
  if (text.length > MAX_LENGTH) throw new TopologyError(`topology of ${text.length} characters, want at most ${MAX_LENGTH}`);
  checkDepth(text);
  try {
    return JSON.parse(text, (key: string, value: Json) => {
      if (FORBIDDEN_KEYS.has(key)) throw new TopologyError(`key "${key}" is not allowed in a topology`);
      return value;
    }) as Json;
  } catch (error) {
    if (error instanceof TopologyError) throw error;
    // The parser's own words differ between versions of the runtime and must not reach the state.
    throw new TopologyError("topology is not valid JSON");
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > MAX_DEPTH) throw new TopologyError(`topology nested deeper than ${MAX_DEPTH}`);
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** For messages: what was got, short and on one line. */
export function show(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
