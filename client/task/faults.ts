/** What the JSON schema refuses, in words: the field, what was got, what would do. */
import { type ErrorObject } from "ajv";
import { type FieldPath } from "./places.js";

export interface Fault {
  readonly field: FieldPath;
  readonly text: string;
}

type Schema = { type?: string | readonly string[]; description?: string; enum?: readonly unknown[]; properties?: Record<string, Schema> };

/** The fault to tell first: an unknown field explains a missing one, since most are misspelt. */
export function firstFault(errors: readonly ErrorObject[]): Fault {
  const own = errors.filter((e) => e.keyword !== "if");
  return describe((own.find((e) => e.keyword === "additionalProperties") ?? own[0]) as ErrorObject);
}

function describe(e: ErrorObject): Fault {
  const field = e.instancePath
    .split("/")
    .slice(1)
    .map((p) => (/^\d+$/.test(p) ? Number(p) : p));
  const params = e.params as Record<string, unknown>;
  const got = `got ${show(e.data)}.`;
  const { properties: known = {}, description: meaning } = (e.parentSchema ?? {}) as Schema;
  const at = (text: string): Fault => ({ field, text });
  switch (e.keyword) {
    case "type":
      return at(`expected ${article(params.type as string | string[])}${meaning ? ` (${meaning})` : ""}, ${got}`);
    case "required": {
      const name = String(params.missingProperty);
      return { field: [...field, name], text: `is missing, add ${wanted(known[name])}.` };
    }
    case "additionalProperties": {
      const name = String(params.additionalProperty);
      const names = Object.keys(known);
      const near = nearest(name, names);
      return { field: [...field, name], text: `there is no such field here. ${near ? `Did you mean ${near}?` : `There are ${names.join(", ")}.`}` };
    }
    case "enum":
      return at(`expected one of ${(params.allowedValues as unknown[]).join(", ")}, ${got}`);
    case "minimum":
      return at(`expected at least ${params.limit}, ${got}`);
    case "maximum":
      return at(`expected at most ${params.limit}, ${got}`);
    case "exclusiveMinimum":
      return at(`expected more than ${params.limit}, ${got}`);
    case "minLength":
      return at(`expected a text that is not empty, ${got}`);
    case "maxLength":
      return at(`expected at most ${params.limit} characters, got ${String(e.data).length}.`);
    case "minItems":
      return at(`expected at least ${params.limit} entry, got none.`);
    case "minProperties":
    case "maxProperties":
      return at(`expected one kind of layer an entry, such as dense: { units: 10 }, ${got}`);
    default:
      return at(`${e.message ?? "is wrong"}, ${got}`);
  }
}

const article = (type: string | readonly string[]): string => {
  const text = [type].flat().join(" or ");
  return `${/^[aeiou]/.test(text) ? "an" : "a"} ${text}`;
};

function wanted(schema: Schema | undefined): string {
  if (schema?.enum) return `one of ${schema.enum.join(", ")}`;
  const names = Object.keys(schema?.properties ?? {});
  if (names.length > 0) return `it with ${names.join(", ")}`;
  return schema?.type ? article(schema.type) : "it";
}

/** Short, on one line, with NaN and infinities told apart from null. */
function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The name that differs in at most two letters (Levenshtein), or undefined. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names.map((n) => ({ n, d: distance(name.toLowerCase(), n) })).sort((a, b) => a.d - b.d);
  const [best] = ranked;
  return best && best.d <= Math.min(2, best.n.length - 1) ? best.n : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
