/** A service as its owner writes it: a handler a method, and what callers may ask of each. */
import { Metadata, type ServerDuplexStream, type ServiceError } from "@grpc/grpc-js";
import { type MethodInfo, type RequestOf, type ResponseOf, type ServiceInfo } from "#proto/wire.js";
import { asCallError } from "./errors.js";

type In<M> = RequestOf<M>;
type Out<M> = Partial<ResponseOf<M>>;
export interface Call {
  readonly peer: string;
  /** aborted when the caller is gone */
  readonly signal: AbortSignal;
  /** a header of the request */
  header(name: string): string | undefined;
  /** Sets a header of the answer, before there is one. */
  reply(name: string, value: string): void;
}

/** A handler per method, by its kind: a promise, an async iterable out, an async iterable in, or the raw duplex stream. */
export type Handler<M extends MethodInfo> = M["requestStream"] extends true
  ? M["responseStream"] extends true
    ? (stream: ServerDuplexStream<In<M>, Out<M>>, call: Call) => void
    : (requests: AsyncIterable<In<M>>, call: Call) => Promise<Out<M>>
  : M["responseStream"] extends true
    ? (request: In<M>, call: Call) => AsyncIterable<Out<M>>
    : (request: In<M>, call: Call) => Promise<Out<M>>;
export type Handlers<S extends ServiceInfo> = { readonly [K in keyof S["methods"]]: Handler<S["methods"][K]> };

/** What a method grants each caller, who is an address (caller.ts). */
export interface MethodBudget {
  /** the largest message taken, bytes */
  readonly message: number;
  /** calls a second of one address; ten seconds' worth at once */
  readonly perSecond: number;
  /** calls of one address that are served at one time, and of all addresses; more wait for their turn */
  readonly running: number;
  readonly runningTotal: number;
  /** how long one call may last from its turn on, ms: a stream ends with a status that says so */
  readonly lastsMs: number;
  /** how long each message of an upload may take to come whole, ms */
  readonly uploadMs: number;
  /** how long a caller may leave what is sent to it unread, ms */
  readonly stallMs: number;
  /** callers show who they are on the stream itself, and are bounded there: these come before all others */
  readonly seats: boolean;
}

/** for requests that only name things: a clock of 1,024 slots is the longest */
export const SMALL_REQUEST = 64 * 1024;

/**
 * For methods that anybody may call. Many daemons of one owner share an address, so a rate is what a machine of them needs; what
 * holds the others' delay down is the number that run at one time.
 */
export const ANYBODY: MethodBudget = { message: SMALL_REQUEST, perSecond: 200, running: 32, runningTotal: 128, lastsMs: 600_000, uploadMs: 30_000, stallMs: 30_000, seats: false };

export interface Service {
  readonly info: ServiceInfo;
  // oxlint-disable-next-line typescript/no-explicit-any -- each method has its own argument types; service() checked them
  readonly handlers: Readonly<Record<string, (...args: any[]) => unknown>>;
  readonly budgets: Readonly<Record<string, Partial<MethodBudget> | undefined>>;
}
export const service = <S extends ServiceInfo>(info: S, handlers: Handlers<S>, budgets: { readonly [K in keyof S["methods"]]?: Partial<MethodBudget> } = {}): Service => ({
  info,
  handlers: handlers as never,
  budgets,
});

/** What a handler threw, as gRPC sends it. */
export function asServiceError(e: unknown): ServiceError {
  const { code, message } = asCallError(e);
  return Object.assign(new Error(message), { code, details: message, metadata: new Metadata() });
}
