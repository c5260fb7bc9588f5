/** How a module presents itself to the application. */
import { type Codec } from "#proto/wire.js";
import { type Context, type QueryContext } from "./context.js";

/** One message type: how its bytes are read, who must have signed, what it does. */
export interface MessageHandler {
  readonly typeUrl: string;
  readonly aminoName?: string;
  /** Bytes of the Any's value → domain object. Throws on anything malformed. */
  decode(value: Uint8Array): unknown;
  /** The value's canonical bytes again, for the re-encoding check. */
  encode(message: unknown): Uint8Array;
  /** bech32 addresses, in order, without repeats */
  signers(message: unknown): string[];
  /** the amino JSON form of the message's value, for SIGN_MODE_LEGACY_AMINO_JSON */
  amino?(message: unknown): unknown;
  /** Runs it; answers the response message's canonical bytes and its type URL. */
  run(ctx: Context, message: unknown): { typeUrl: string; value: Uint8Array };
  /** the module's name, for message{module} events */
  readonly module: string;
}

/** A query at a gRPC path, answered from committed state. */
export interface QueryHandler {
  readonly path: string;
  run(ctx: QueryContext, request: Uint8Array): Uint8Array;
}

export interface ValidatorUpdate {
  /** ed25519, 32 bytes */
  readonly key: Uint8Array;
  readonly power: bigint;
}

export interface AppModule {
  readonly name: string;
  /** names of the stores that it alone writes */
  readonly stores: readonly string[];
  readonly messages: readonly MessageHandler[];
  readonly queries: readonly QueryHandler[];
  /** Reads this module's part of app_state (parsed JSON, undefined when absent) into an empty state. Throws with a one-line reason. */
  initGenesis?(ctx: Context, genesis: unknown): void;
  exportGenesis?(ctx: QueryContext): unknown;
  /** Before the block's transactions; app/modules.ts holds the order of all. */
  beginBlock?(ctx: Context): void;
  /** After them. */
  endBlock?(ctx: Context): void;
  /** Only the module that keeps the validator set. */
  validatorUpdates?(ctx: Context): ValidatorUpdate[];
  /** Name → check; each answers undefined or what is broken. */
  readonly invariants?: Readonly<Record<string, (ctx: QueryContext) => string | undefined>>;
}

/** A query handler over two codecs. */
export function query<Q, R>(path: string, request: Codec<Q>, response: Codec<R>, run: (ctx: QueryContext, q: Q) => R): QueryHandler {
  return { path, run: (ctx, bytes) => response.encode(run(ctx, request.decode(bytes))) };
}

/** A message handler over two codecs; the signer is the field that the .proto names. */
export function message<M, R>(
  module: string,
  codec: Codec<M>,
  response: Codec<R>,
  run: (ctx: Context, m: M) => R,
  amino?: { name: string; toJson(m: M): unknown },
): MessageHandler {
  const signer = codec.signer;
  if (!signer) throw new Error(`${codec.typeUrl} declares no signer`);
  return {
    typeUrl: codec.typeUrl,
    module,
    ...(amino ? { aminoName: amino.name, amino: (m: unknown) => amino.toJson(m as M) } : {}),
    decode: (value) => codec.decode(value),
    encode: (m) => codec.encode(m as M),
    signers: (m) => [(m as Record<string, string>)[signer] as string],
    run: (ctx, m) => ({ typeUrl: response.typeUrl, value: response.encode(run(ctx, m as M)) }),
  };
}
