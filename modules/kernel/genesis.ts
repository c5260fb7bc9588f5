/**
 * A module's part of app_state: one message, read and written as JSON by its descriptor. Unknown and misspelt fields and
 * values that do not fit are refused with their path.
 */
import { anyTypes, fromJson, toJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { equalBytes } from "./bytes.js";
import type { Context, QueryContext } from "./context.js";
import type { Params } from "./params.js";
import { inLowerCase } from "./spelling.js";

export interface Genesis {
  /** Reads parsed JSON (undefined: nothing is named) into an empty state. Throws one line that begins with the path. */
  init(ctx: Context, json: unknown): void;
  export(ctx: QueryContext): unknown;
}

export interface GenesisFace<G, P> {
  readonly codec: Codec<G>;
  /** Stand in the field `params`: read, checked and written before `init`; what the JSON does not name has its default. */
  readonly params?: Params<P>;
  /** What a google.protobuf.Any may hold; its JSON then has "@type" and the fields of that. */
  readonly types?: readonly Codec<unknown>[];
  /** `at` is the path of this module's part, for faults. */
  init(ctx: Context, state: G, at: string): void;
  /** Without the parameters: they are added. */
  export(ctx: QueryContext): G;
}

/** Genesis of the module `name`. */
export function defineGenesis<G, P = never>(name: string, { codec, params, types, init, export: read }: GenesisFace<G, P>): Genesis {
  const at = `app_state.${name}`;
  const inAny = types && anyTypes(...types);
  return {
    init(ctx, json) {
      const given = json ?? {};
      const state = inLowerCase(codec, fromJson(codec, params && isObject(given) ? { ...given, params: named(params, given.params, `${at}.params`) } : given, at, inAny));
      bounded(codec as Codec<unknown>, state, at);
      if (params) {
        const p = (state as { params?: P }).params ?? params.defaults;
        const wrong = params.fault(p);
        if (wrong) throw new Error(`${at}.params.${wrong}`);
        params.set(ctx, p);
      }
      init(ctx, state, at);
    },
    export: (ctx) => toJson(codec, params ? { ...read(ctx), params: params.get(ctx) } : read(ctx), inAny),
  };
}

/** What `run` answers; what it throws is about this value, whose path goes before it. */
export const within = <T>(path: string, run: () => T): T => prefixed(`${path}: `, run);
/** The same for what begins with a field's name. */
export const inside = <T>(path: string, run: () => T): T => prefixed(`${path}.`, run);

function prefixed<T>(before: string, run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw new Error(`${before}${(e as Error).message}`, { cause: e });
  }
}

/** The first field of a record whose value its domain type does not keep. */
export function strayField<W>(codec: Codec<W>, given: W, kept: W): string | undefined {
  const alone = (w: W, name: string): Uint8Array => codec.encode(codec.create({ [name]: (w as Record<string, unknown>)[name] } as Partial<W>));
  return codec.fields.find((f) => !equalBytes(alone(given, f.name), alone(kept, f.name)))?.proto;
}

/** Counters, amounts and heights that a chain could not come to: one more would not fit 64 bits. */
const MOST = 1n << 62n;

function bounded(codec: Codec<unknown>, message: unknown, at: string): void {
  for (const f of codec.fields) {
    const value = (message as Record<string, unknown>)[f.name];
    const list = f.repeated ? (value as unknown[]) : [value];
    list.forEach((v, i) => {
      const path = `${at}.${f.proto}${f.repeated ? `[${i}]` : ""}`;
      if (f.type === "uint64" && typeof v === "bigint" && v > MOST) throw new Error(`${path}: got ${v}, want at most ${MOST}`);
      if (f.type === "message" && v !== undefined && f.codec) bounded(f.codec(), v, path);
    });
  }
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null && !Array.isArray(v);

function named<P>({ codec, defaults }: Pick<Params<P>, "codec" | "defaults">, given: unknown, at: string): unknown {
  const out = toJson(codec, defaults) as Record<string, unknown>;
  if (given === undefined) return out;
  const read = toJson(codec, fromJson(codec, given, at)) as Record<string, unknown>;
  for (const f of codec.fields) if (Object.hasOwn(given as object, f.proto) || Object.hasOwn(given as object, f.name)) out[f.proto] = read[f.proto];
  return out;
}
