/** The requests of ABCI 2.0 by their field number in `Request`, which is known before anything is decoded. */
import { Request, Response, type ResponseCheckTx, type ResponseQuery } from "cosmjs-types/tendermint/abci/types";
import { type AbciApplication } from "./types.js";

/** The connection that CometBFT uses for a request. */
export type Kind = "consensus" | "mempool" | "query" | "snapshot";
export type Name = keyof AbciApplication | "echo" | "flush";

export interface Method {
  readonly name: Name;
  /** undefined: on every connection */
  readonly kind: Kind | undefined;
}

const METHODS: ReadonlyMap<number, Method> = new Map<number, Method>([
  [1, { name: "echo", kind: undefined }],
  [2, { name: "flush", kind: undefined }],
  [3, { name: "info", kind: "query" }],
  [5, { name: "initChain", kind: "consensus" }],
  [6, { name: "query", kind: "query" }],
  [8, { name: "checkTx", kind: "mempool" }],
  [11, { name: "commit", kind: "consensus" }],
  [12, { name: "listSnapshots", kind: "snapshot" }],
  [13, { name: "offerSnapshot", kind: "snapshot" }],
  [14, { name: "loadSnapshotChunk", kind: "snapshot" }],
  [15, { name: "applySnapshotChunk", kind: "snapshot" }],
  [16, { name: "prepareProposal", kind: "consensus" }],
  [17, { name: "processProposal", kind: "consensus" }],
  [18, { name: "extendVote", kind: "consensus" }],
  [19, { name: "verifyVoteExtension", kind: "consensus" }],
  [20, { name: "finalizeBlock", kind: "consensus" }],
]);

/** What an application answers, as an object of functions of its own, of which some may be replaced. */
export const bound = (app: AbciApplication): AbciApplication =>
  Object.fromEntries([...METHODS.values()].flatMap(({ name }) => (name === "echo" || name === "flush" ? [] : [[name, (r: never) => app[name](r)]]))) as unknown as AbciApplication;

/** Which request a message is, from its first tag. Throws for one that ABCI 2.0 does not have. */
export function methodOf(message: Uint8Array): Method {
  const first = message[0] ?? 0;
  const tag = first < 128 ? first : (first & 127) | ((message[1] ?? 0) << 7);
  const method = METHODS.get(tag >>> 3);
  if (!method || (tag & 7) !== 2) throw new Error(`ABCI request with field ${tag >>> 3} (type ${tag & 7}) is not of ABCI 2.0: want CometBFT v0.38`);
  return method;
}

type AnyMethod = (request: unknown) => unknown;

/** The answer's bytes; a promise only when the application gave one, so that a synchronous answer is sent in the same turn. */
export function answer(app: AbciApplication, { name }: Method, message: Uint8Array): Uint8Array | Promise<Uint8Array> {
  const encode = (response: unknown) => Response.encode({ [name]: response } as Response).finish();
  const request = (Request.decode(message) as unknown as Record<string, unknown>)[name];
  if (name === "flush") return encode({});
  if (name === "echo") return encode({ message: (request as { message: string }).message });
  const response = (app[name] as AnyMethod)(request);
  return response instanceof Promise ? response.then(encode) : encode(response);
}

export const exception = (error: string): Uint8Array => Response.encode(Response.fromPartial({ exception: { error } })).finish();

/** An unforeseen throw in a request that cannot change state is that request's own failure: code 1, as in the Cosmos SDK. */
export function refusal(name: Name, reason: string): Uint8Array | undefined {
  const failure = { code: 1, codespace: "undefined", log: reason };
  if (name === "checkTx") return Response.encode(Response.fromPartial({ checkTx: failure satisfies Partial<ResponseCheckTx> })).finish();
  if (name === "query") return Response.encode(Response.fromPartial({ query: failure satisfies Partial<ResponseQuery> })).finish();
  return undefined;
}
