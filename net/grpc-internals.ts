/**
 * What is done to grpc-js beyond its public face. The version is pinned; every access is checked where it is first made, so that
 * another version says what to adapt and does not silently lose a bound. net/budgets.test.ts and bus/compliance.test.ts hold each of them.
 */
import { type Client } from "@grpc/grpc-js";
import { constants, type ServerHttp2Stream } from "node:http2";
import { type Timers } from "#platform/clock.js";
import { Status } from "./errors.js";

interface ServerCall {
  maxReceiveMessageSize: number;
  readonly decoder: { maxReadMessageLength: number };
  readonly stream: ServerHttp2Stream;
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
  serializeMessage(value: unknown): Buffer;
  sendStatus(status: { code: number; details: string; metadata: null }): void;
}
interface Filter {
  receiveMessage(message: Promise<Buffer>): Promise<Buffer>;
}

const elsewhere = (what: string): Error => new Error(`this version of grpc-js keeps ${what} elsewhere: adapt net/grpc-internals.ts`);

/** The innermost call of a server: given to the first interceptor, and kept by the streams that handlers see. */
export function serverCall(call: unknown): ServerCall {
  const c = call as Partial<ServerCall> | undefined;
  if (typeof c?.decoder?.maxReadMessageLength !== "number" || !c.stream || !c.decompressMessage || !c.serializeMessage || !c.sendStatus) throw elsewhere("a server's call");
  return c as ServerCall;
}
export const callOf = (stream: unknown): ServerCall => serverCall((stream as { call?: unknown }).call);

/** The largest message that is taken from here on, bytes: refused when its length has come. */
export function limitMessages(call: ServerCall, bytes: number): void {
  call.maxReceiveMessageSize = bytes;
  call.decoder.maxReadMessageLength = bytes;
}

const COMPRESSED = "compressed messages are not taken here: send them as they are";

/** Every whole message passes here before it is parsed; one that is compressed is refused before it is inflated. */
export function onMessage(call: ServerCall, come: () => void, compressed: () => void): void {
  call.decompressMessage = (message) => {
    come();
    if (message[0] === 0) return message.subarray(5);
    compressed();
    return Promise.reject({ code: Status.UNIMPLEMENTED, details: COMPRESSED } as never);
  };
}

/** The same for a client: what a server sends compressed ends the call. */
export function refuseCompressed(client: Client): void {
  const channel = client.getChannel() as unknown as { internalChannel?: { filterStackFactory?: { factories?: { createFilter(): object }[] } } };
  const factories = channel.internalChannel?.filterStackFactory?.factories;
  if (!Array.isArray(factories)) throw elsewhere("a channel's filters");
  const pass = <T>(x: T): T => x;
  const filter: Filter = {
    async receiveMessage(message) {
      const framed = await message;
      if (framed[0] === 0) return framed;
      throw { code: Status.UNIMPLEMENTED, details: "the server sent a compressed message, which is not read" } as never;
    },
  };
  // received messages pass the last filter first: this one before grpc-js's own, which inflates
  factories.push({ createFilter: () => ({ sendMetadata: pass, receiveMetadata: pass, receiveTrailers: pass, sendMessage: pass, ...filter }) });
}

/** A message with its gRPC prefix, encoded once for all who are sent it. */
export class Framed {
  constructor(readonly bytes: Buffer) {}
}

/** Lets a server's stream take Framed messages beside ordinary ones. */
export function takesFramed(call: ServerCall): void {
  const serialize = call.serializeMessage.bind(call);
  call.serializeMessage = (value) => (value instanceof Framed ? value.bytes : serialize(value));
}

/**
 * Whoever was sent a status and still holds its own side open has that side closed after a moment: the stream would stay for ever.
 */
export function closesAfterStatus(call: ServerCall, timers: Timers, graceMs: number): void {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (status) => {
    send(status);
    if (call.stream.closed) return;
    const cancel = timers.after(graceMs, () => call.stream.close(constants.NGHTTP2_NO_ERROR));
    call.stream.once("close", cancel);
  };
}

/** Ends a stream whose status cannot get through, because what was written before it is not read. */
export function reset(call: ServerCall): void {
  if (!call.stream.destroyed) call.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

/** Tells a caller why all its streams end, and takes no more of its connection. */
export function goAway(call: ServerCall, why: string): void {
  const { session } = call.stream;
  if (session && !session.destroyed) session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(why));
}
