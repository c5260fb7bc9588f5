/**
 * The REST server: connections, callers and bytes bounded before anything is read, each caller's calls in its turn, each answer within
 * its time. What a request means is the gateway's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Socket } from "node:net";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import cors from "@fastify/cors";
import { systemTimers } from "#platform/clock.js";
import { type Logger } from "#platform/log.js";
import { Admission } from "#net/admission.js";
import { parseEndpoint } from "#net/address.js";
import { addressOf } from "#net/caller.js";
import { Counters } from "#net/counters.js";
import { CallError, exhausted, invalid, late, unavailable } from "#net/errors.js";
import { Listener } from "#net/listener.js";
import { ANYBODY, type MethodBudget } from "#net/service.js";
import { type Methods } from "../methods.js";
import { Gateway, HEIGHT, notImplemented, refusal, type RestAnswer } from "./gateway.js";
import { openApi } from "./openapi.js";
import { addPages } from "./pages.js";

export interface RestOptions {
  /** host:port; port 0 takes a free one */
  readonly listen: string;
  /** whose pages may ask: origins, or * for all */
  readonly cors: readonly string[];
  /** addresses of proxies whose X-Forwarded-For is believed */
  readonly trustedProxies: readonly string[];
  readonly log: Logger;
  /** run before each answer */
  readonly before: () => void;
}

/** A transaction of a megabyte as base64 in JSON. */
const MAX_BODY = 4 * 1024 * 1024;
/** how long one answer may take, ms */
const ANSWER_MS = 10_000;
/** how long a request may take to come, and a connection may be without one, ms */
const REQUEST_MS = 10_000;
const IDLE_MS = 75_000;
const BUDGET: MethodBudget = { ...ANYBODY, perSecond: 500, running: 16, runningTotal: 64, lastsMs: ANSWER_MS };
/** Of one address that may be at work or wait: the admission counts those of all methods. */
const METHOD = "rest";

/** Throws one line where nothing can listen at the address. */
export async function serveRest(methods: Methods, { listen, cors: origins, trustedProxies, log, before }: RestOptions): Promise<{ readonly address: string; close(): Promise<void> }> {
  const gateway = new Gateway(methods);
  const counters = new Counters({ log });
  const admission = new Admission(systemTimers, counters);
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: IDLE_MS, connectionsCheckingInterval: 2_000 });
  const app = fastify({
    serverFactory: (handler) => server.on("request", handler as (q: IncomingMessage, r: ServerResponse) => void),
    bodyLimit: MAX_BODY,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    logger: false,
  });
  await app.register(cors, { origin: origins.includes("*") ? "*" : [...origins], methods: ["GET", "POST", "OPTIONS"], exposedHeaders: [HEIGHT] });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_r, body, done) => done(null, body));
  app.setErrorHandler((e: Error & { statusCode?: number }, _q, reply) => send(reply, refusal(e.statusCode === 413 ? exhausted(`a body has at most ${MAX_BODY} bytes`) : e.statusCode !== undefined && e.statusCode < 500 ? invalid(e.message) : e)));
  app.setNotFoundHandler((_q, reply) => send(reply, refusal(notImplemented())));

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = addressOf(request.ip);
    const gone = new AbortController();
    request.raw.once("aborted", () => gone.abort());
    const limit = systemTimers.after(ANSWER_MS, () => gone.abort(late(`no answer in ${ANSWER_MS} ms: ask for less at once`)));
    try {
      const match = gateway.find(request.method, request.url);
      const place = await admission.enter(METHOD, BUDGET, caller, gone.signal, (why) => gone.abort(why));
      try {
        before();
        const header = (name: string): string | undefined => [request.headers[name]].flat().at(-1);
        send(reply, await Promise.race([gateway.answer(match, { verb: request.method, url: request.url, header, body: (request.body as Uint8Array | undefined) ?? new Uint8Array(0) }), over(gone.signal)]));
      } finally {
        place.leave();
      }
    } catch (e) {
      send(reply, refusal(e));
    } finally {
      limit();
    }
  };
  await addPages(app, openApi(gateway.routes.all));
  app.route({ method: ["GET", "POST"], url: "/*", handler: answer });
  await app.ready();

  const listener = new Listener(systemTimers, counters, (socket: Socket) => server.emit("connection", socket));
  const { host, port } = listen.endsWith(":0") ? { host: listen.slice(0, -2), port: 0 } : parseEndpoint(listen);
  const bound = await listener.listen(host, port).catch((e: Error) => {
    throw new Error(`cannot listen on ${listen}: ${e.message}`);
  });
  // Node begins to look for requests that do not come when its own server listens; here another one does.
  server.emit("listening");
  log.info("serving REST", { host, port: bound });
  return {
    address: `${listen.slice(0, listen.lastIndexOf(":"))}:${bound}`,
    async close() {
      listener.close();
      listener.destroy();
      await app.close();
    },
  };
}

function send(reply: FastifyReply, { status, headers, body }: RestAnswer): void {
  void reply.code(status).headers(headers).send(body);
}

/** Rejects when a call's time is over, or its caller gone. */
const over = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(signal.reason instanceof CallError ? signal.reason : unavailable("the caller is gone"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
