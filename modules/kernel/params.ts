/** A module's parameters: one record in its store, checked whenever it is written, by genesis and later by governance. */
import { type Codec } from "#proto/wire.js";
import type { Context } from "./context.js";
import { sdk } from "./errors.js";
import { type StoreDefinition, type View } from "./store.js";

const MILLION = 1_000_000;
/** no window may be so long that heights could overflow anything */
export const MAX_BLOCKS = 1n << 40n;

type FieldsOf<P, T> = { [K in keyof P]: P[K] extends T ? K : never }[keyof P];

export interface ParamsRules<P> {
  /** values of what genesis does not name */
  readonly defaults: P;
  /** parts per million: 0 to a million */
  readonly ratios?: readonly FieldsOf<P, number>[];
  /** blocks, milliseconds, counts: 1 to 2^40 */
  readonly positive?: readonly FieldsOf<P, bigint>[];
  /** small counts: from a least to a most */
  readonly counts?: { readonly [K in FieldsOf<P, number>]?: readonly [least: number, most: number] };
  /** What else must hold; one line that begins with the field. */
  check?(p: P): string | undefined;
}

export interface Params<P> {
  readonly codec: Codec<P>;
  readonly defaults: P;
  /** Throws before InitChain has written them. */
  get(view: View): P;
  /** Throws sdk.invalidRequest with what is wrong. */
  check(p: P): void;
  /** Throws as `check`. */
  set(ctx: Context, p: P): void;
  /** One line on the first field that is wrong, or undefined. */
  fault(p: P): string | undefined;
}

/** Parameters under a prefix of the module's store. */
export function defineParams<P>(store: StoreDefinition, prefix: number, codec: Codec<P>, rules: ParamsRules<P>): Params<P> {
  const item = store.item(prefix, "the module's parameters", codec);
  const proto = (name: keyof P): string => codec.fields.find((f) => f.name === name)?.proto ?? String(name);
  const fault = (p: P): string | undefined => {
    const count = (name: keyof P, least: number, most: number, what = ""): string | undefined => {
      const v = p[name] as number;
      return Number.isInteger(v) && v >= least && v <= most ? undefined : `${proto(name)}: got ${v}, want ${least} to ${most}${what}`;
    };
    for (const name of rules.ratios ?? []) {
      const wrong = count(name, 0, MILLION, " parts per million");
      if (wrong) return wrong;
    }
    for (const name of rules.positive ?? []) {
      const v = p[name] as bigint;
      if (v < 1n || v > MAX_BLOCKS) return `${proto(name)}: got ${v}, want 1 to ${MAX_BLOCKS}`;
    }
    for (const [name, [least, most]] of Object.entries(rules.counts ?? {}) as [keyof P, readonly [number, number]][]) {
      const wrong = count(name, least, most);
      if (wrong) return wrong;
    }
    return rules.check?.(p);
  };
  const check = (p: P): void => {
    const wrong = fault(p);
    if (wrong) throw sdk.invalidRequest(`params.${wrong}`);
  };
  return {
    codec,
    defaults: rules.defaults,
    get(view) {
      const p = item.get(view);
      if (!p) throw new Error(`${store.name}: no parameters are set; InitChain writes them`);
      return p;
    },
    check,
    set(ctx, p) {
      check(p);
      item.set(ctx, p);
    },
    fault,
  };
}
