/**
 * A request over HTTP as a call of a method, and its answer as JSON: what grpc-gateway v1 is to a chain in Go, with the Cosmos SDK's
 * settings (proto names, defaults emitted, 64-bit integers as text, Any by its type).
 */
import { CallError, invalid, Status } from "#net/errors.js";
import { codecs } from "#proto/gen/registry.js";
import { type AnyTypes, fromJson, toJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { callError } from "../errors.js";
import { type Methods } from "../methods.js";
import { queryOf, setField } from "./parameters.js";
import { type Match, Routes } from "./routes.js";

export interface RestRequest {
  readonly verb: string;
  /** path and query string, as they came */
  readonly url: string;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}
export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const HEIGHT = "x-cosmos-block-height";
/** every type that an Any may hold */
export const ANY_TYPES: AnyTypes = new Map(codecs.map((c) => [c.typeUrl, c]));

/** By the code of gRPC, as grpc-gateway maps them. */
const HTTP: Readonly<Record<number, number>> = { 0: 200, 1: 408, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503, 15: 500, 16: 401 };
export const httpStatus = (code: number): number => HTTP[code] ?? 500;

/** Seconds after which who asked too much may ask again. */
const AGAIN_S = "1";

export function refusal(e: unknown): RestAnswer {
  const { code, message } = callError(e);
  const headers = { "content-type": "application/json", ...(code === Status.RESOURCE_EXHAUSTED ? { "retry-after": AGAIN_S } : {}) };
  return { status: httpStatus(code), headers, body: JSON.stringify({ code, message, details: [] }) };
}

export const notImplemented = (): CallError => new CallError(Status.UNIMPLEMENTED, "Not Implemented");

export class Gateway {
  readonly routes: Routes;

  constructor(methods: Methods) {
    this.routes = new Routes(methods.values());
  }

  /** Which method a request is for. Throws CallError. */
  find(verb: string, url: string): Match {
    const end = url.indexOf("?");
    let path: string;
    try {
      path = decodeURIComponent(end < 0 ? url : url.slice(0, end));
    } catch {
      throw invalid("the path has an escape that is none");
    }
    const match = this.routes.find(verb, path);
    if (!match) throw notImplemented();
    return match;
  }

  /** Calls the method. Rejects with what callError() reads. */
  async answer({ route, fields }: Match, r: RestRequest): Promise<RestAnswer> {
    const { info } = route.method;
    const request = requestOf(info.request, route.verb, fields, r);
    const { value, height } = await route.method.answer(info.request.encode(request), { height: heightOf(r.header(HEIGHT) ?? r.header(`grpc-metadata-${HEIGHT}`)) });
    const body = JSON.stringify(toJson(info.response, info.response.decode(value), ANY_TYPES, null));
    return { status: 200, headers: { "content-type": "application/json", [HEIGHT]: `${height}`, [`grpc-metadata-${HEIGHT}`]: `${height}` }, body };
  }
}

function requestOf(codec: Codec<unknown>, verb: string, path: ReadonlyMap<string, string>, r: RestRequest): unknown {
  const fields: Record<string, unknown> = verb === "GET" ? {} : { ...(bodyOf(codec, r.body) as object) };
  for (const [name, text] of path) {
    try {
      setField(codec, fields, name.split("."), [text]);
    } catch (e) {
      throw invalid(`type mismatch, parameter: ${name}, error: ${(e as Error).message}`);
    }
  }
  const end = r.url.indexOf("?");
  if (verb === "GET" && end >= 0) {
    for (const [name, values] of queryOf(r.url.slice(end + 1))) {
      // a field of the path is not the query's
      const names = name.replace(/^(.*)\[(.*)\]$/, "$1").split(".");
      if (![...path.keys()].some((p) => names.join(".") === p || names.join(".").startsWith(`${p}.`))) setField(codec, fields, names, values);
    }
  }
  return whole(codec, fields);
}

/** With the defaults of every message in it. */
function whole(codec: Codec<unknown>, fields: Record<string, unknown>): unknown {
  for (const f of codec.fields) {
    const v = fields[f.name];
    if (f.type === "message" && f.codec && v !== undefined && !f.repeated) fields[f.name] = whole(f.codec(), v as Record<string, unknown>);
  }
  return codec.create(fields);
}

/** Nothing at all is an empty message. */
function bodyOf(codec: Codec<unknown>, body: Uint8Array): unknown {
  const text = Buffer.from(body).toString("utf8").trim();
  if (text === "") return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw invalid(`the body is no JSON: ${(e as Error).message.slice(0, 200)}`);
  }
  try {
    return fromJson(codec, json, "", ANY_TYPES);
  } catch (e) {
    throw invalid((e as Error).message.slice(0, 500));
  }
}

function heightOf(text: string | undefined): bigint | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^[-+]?\d{1,19}$/.test(text)) throw new CallError(Status.INVALID_ARGUMENT, `invalid height header "${HEIGHT}": strconv.ParseInt: parsing ${JSON.stringify(text.slice(0, 60))}: invalid syntax: invalid request`);
  const height = BigInt(text);
  return height === 0n ? undefined : height;
}
