/**
 * Services from the proto: a module hands in one function a method, and the generated table says where it is served, how
 * bytes are read and written, who signs. A method without a function does not compile.
 */
import { aminoJson } from "#proto/amino.js";
import { numbersFault } from "#proto/scalars.js";
import { type Codec, type MethodInfo, type RequestOf as Request, type ResponseOf as Response, type ServiceInfo } from "#proto/wire.js";
import type { Context, QueryContext } from "./context.js";
import { accountOfOperator, lowerCase } from "./address.js";
import { inLowerCase } from "./spelling.js";
import { sdk } from "./errors.js";

type Methods<S extends ServiceInfo> = S["methods"];

/** One function for each query of a service. */
export type QueryHandlers<S extends ServiceInfo> = { readonly [K in keyof Methods<S>]: (ctx: QueryContext, request: Request<Methods<S>[K]>) => Response<Methods<S>[K]> };
/** One function for each message of a service. The ante handler has authenticated the signers. */
export type MsgHandlers<S extends ServiceInfo> = { readonly [K in keyof Methods<S>]: (ctx: Context, message: Request<Methods<S>[K]>) => Response<Methods<S>[K]> };

/** A query, answered from committed state. */
export interface QueryHandler {
  readonly service: string;
  readonly method: MethodInfo;
  readonly path: string;
  /** Throws RangeError and Error for bytes that are no request, ModuleError for what cannot be answered. */
  run(ctx: QueryContext, request: Uint8Array): Uint8Array;
}

/** One message type: how its bytes are read, who must have signed, what it does. */
export interface MessageHandler {
  readonly typeUrl: string;
  readonly aminoName?: string | undefined;
  /** the module's name, for message{module} events */
  readonly module: string;
  /** Bytes of the Any's value → the message. Throws on anything malformed. */
  decode(value: Uint8Array): unknown;
  /** The message's canonical bytes again, for the re-encoding check. */
  encode(message: unknown): Uint8Array;
  /** The message with addresses in one spelling, as it is run and compared with others. */
  spelled(message: unknown): unknown;
  /** Why the message is none though its bytes can be read, where there is a reason. */
  fault?(message: unknown): string | undefined;
  /** bech32 addresses, in order, without repeats */
  signers(message: unknown): string[];
  /** its amino JSON, for SIGN_MODE_LEGACY_AMINO_JSON */
  amino(message: unknown): unknown;
  /** Runs it; answers the response message's canonical bytes and its type URL. */
  run(ctx: Context, message: unknown): { typeUrl: string; value: Uint8Array };
}

/** A message or a response as an Any holds it. */
export interface EncodedMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** For modules that run messages which others wrote down: governance, authorisations. */
export interface MessageRunner {
  /** Whether some module takes messages of this type. */
  takes(typeUrl: string): boolean;
  /** Who must sign it: bech32 addresses, in order, without repeats. Throws what is no message of this chain. */
  signers(message: EncodedMessage): readonly string[];
  /** The message itself, addresses in one spelling. Throws as `signers`. */
  read(message: EncodedMessage): unknown;
  /** Runs it in the name of `signer`; what it did stays only when it succeeds. Throws sdk.unauthorized when it wants any other signature. */
  dispatch(ctx: Context, signer: string, message: EncodedMessage): EncodedMessage;
}

/** The queries of a service. */
export function implementQuery<S extends ServiceInfo>(service: S, handlers: QueryHandlers<S>): QueryHandler[] {
  return Object.entries(service.methods).map(([name, method]) => {
    const run = handlers[name as keyof Methods<S>] as (ctx: QueryContext, q: unknown) => unknown;
    const { request, response } = method as unknown as { request: Codec<unknown>; response: Codec<unknown> };
    return { service: service.name, method, path: method.path, run: (ctx, bytes) => response.encode(run(ctx, inLowerCase(request, request.decode(bytes)))) };
  });
}

/** Checks that cost less than reading who signed, by method: run as soon as a message is decoded. */
export type MsgChecks<S extends ServiceInfo> = { readonly [K in keyof Methods<S>]?: (message: Request<Methods<S>[K]>) => void };

/** The messages of a module's service; every request declares its signer. */
export function implementMsg<S extends ServiceInfo>(module: string, service: S, handlers: MsgHandlers<S>, checks: MsgChecks<S> = {}): MessageHandler[] {
  return Object.entries(service.methods).map(([name, method]) => {
    const run = handlers[name as keyof Methods<S>] as (ctx: Context, m: unknown) => unknown;
    const check = checks[name as keyof Methods<S>] as ((m: unknown) => void) | undefined;
    const { request, response } = method as unknown as { request: Codec<unknown>; response: Codec<unknown> };
    if (!request.signer) throw new Error(`${request.typeUrl} declares no signer`);
    return {
      typeUrl: request.typeUrl,
      aminoName: request.aminoName,
      module,
      decode: (value) => request.decode(value),
      encode: (m) => request.encode(m),
      spelled: (m) => inLowerCase(request, m),
      fault: (m) => numbersFault(request, m),
      signers(m) {
        check?.(m);
        return [...new Set(signersOf(request, m))];
      },
      amino(m) {
        try {
          return aminoJson(request, m);
        } catch (e) {
          // an Any of any type may stand in a message
          throw sdk.invalidRequest(`${request.typeUrl} has no amino JSON: ${(e as Error).message.slice(0, 200)}`);
        }
      },
      run: (ctx, m) => ({ typeUrl: response.typeUrl, value: response.encode(run(ctx, inLowerCase(request, m))) }),
    };
  });
}

/** The addresses in the field that the .proto names, through the messages in it where they are no text. */
function signersOf(codec: Codec<unknown>, message: unknown): string[] {
  const field = codec.fields.find((f) => f.name === codec.signer);
  if (!field) throw new Error(`${codec.typeUrl} declares no signer`);
  const value = (message as Record<string, unknown>)[field.name];
  const all = field.repeated ? (value as unknown[]) : [value];
  return all.flatMap((v) => {
    if (typeof v === "string") return [accountOfOperator(lowerCase(v))];
    if (v === undefined || !field.codec) throw sdk.invalidRequest(`${codec.typeUrl}: ${field.proto} is missing`);
    return signersOf(field.codec(), v);
  });
}
