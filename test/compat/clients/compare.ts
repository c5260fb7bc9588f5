/** Answers of two chains beside each other, field by field. */
import type { Allowed, Difference } from "#test/compat/sdk/differences.js";

export type Plain = string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** What a client answered, without classes: bytes as hexadecimal, instants and large numbers as text. */
export function plain(value: unknown): Plain {
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return [...value].map(plain);
  if (typeof value === "object" && value !== null) {
    const text = Object.getPrototypeOf(value) !== Object.prototype && "toString" in value && value.toString !== Object.prototype.toString ? String(value) : undefined;
    return text ?? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return typeof value === "function" || typeof value === "symbol" ? undefined : (value as Plain);
}

/** Only which fields there are and of what kind: for what differs between any two networks. */
export function shape(value: unknown): Plain {
  const p = plain(value);
  const of = (x: Plain): Plain => (Array.isArray(x) ? (x.length > 0 ? [of(x[0] as Plain)] : []) : typeof x === "object" && x !== null ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, of(v)])) : typeof x);
  return of(p);
}

const text = (v: Plain): string => JSON.stringify(v) ?? "nothing";

export class Comparison {
  readonly found: Difference[] = [];
  readonly known = new Map<string, number>();
  compared = 0;

  constructor(private readonly allowed: readonly Allowed[]) {}

  answers(at: string, a: Plain, b: Plain): void {
    const list = Array.isArray(a) && Array.isArray(b);
    if (list && a.length !== b.length) return this.leaf(at, a, b);
    if (list || (isObject(a) && isObject(b))) {
      const [x, y] = [a, b] as [Readonly<Record<string, Plain>>, Readonly<Record<string, Plain>>];
      for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) this.answers(`${at}.${key}`, x[key], y[key]);
    } else this.leaf(at, a, b);
  }

  private leaf(at: string, a: Plain, b: Plain): void {
    this.compared++;
    const d = { at, sdk: text(a), ours: text(b) };
    if (d.sdk === d.ours) return;
    const rule = this.allowed.find((r) => r.matches(d));
    if (rule) this.known.set(rule.reason, (this.known.get(rule.reason) ?? 0) + 1);
    else this.found.push(d);
  }

  report(limit = 80): string {
    const cut = (t: string) => (t.length > 600 ? `${t.slice(0, 600)}…` : t);
    const lines = this.found.slice(0, limit).map((d) => `${d.at}\n    sdk:  ${cut(d.sdk)}\n    ours: ${cut(d.ours)}`);
    return [...lines, ...[...this.known].map(([reason, n]) => `known, ${n} times: ${reason}`), `${this.compared} fields compared, ${this.found.length} differ`].join("\n");
  }
}

const isObject = (v: Plain): v is { readonly [key: string]: Plain } => typeof v === "object" && v !== null && !Array.isArray(v);
