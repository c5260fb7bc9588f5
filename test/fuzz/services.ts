/** First messages of strangers to a server of each service, over raw HTTP/2: nothing crashes, all end, honest callers are served. */
import { randomBytes } from "node:crypto";
import { type ClientHttp2Session, connect } from "node:http2";
import { GrpcHub } from "#bus/index.js";
import { BlobStore, blobService, Counters, notFound, Remote, serveGrpc, type Service } from "#net/index.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type BusFrame, BusService, LogService } from "#proto/gen/pouw/v1/services.js";
import type { MethodInfo } from "#proto/wire.js";
import { EvidenceRelay } from "#supervisor/evidence.js";
import { ResidualCache } from "#supervisor/residuals.js";
import { evidenceService, logService } from "#supervisor/services.js";
import { silentLogger } from "#platform/log.js";
import { verifierService } from "#verifier/service.js";
import { DECODERS } from "./decoders.js";
import { input, numbers } from "./inputs.js";

/** calls that are open at one time: fewer than an address may have */
const AT_ONCE = 40;

/** The services of a supervisor and a verifier around a task that has nothing. */
export function emptyServices(directory: string): readonly Service[] {
  const none = (id: bigint): never => {
    throw notFound(`task ${id} is not supervised here`);
  };
  const hub = new GrpcHub({
    chainId: "c-1",
    address: "s",
    crypto: nodeCrypto,
    timers: systemTimers,
    random: (n) => new Uint8Array(randomBytes(n)),
    limits: { attachMs: 500 },
    seat: async () => undefined,
    sizes: none,
    clock: async (id) => none(id),
    iteration: async () => {},
    residual: async () => {},
    async *follow() {},
  });
  return [
    hub.service(),
    logService(none),
    evidenceService(none, new EvidenceRelay(async () => [], new ResidualCache())),
    blobService({ store: new BlobStore(directory, { maxBytes: 8 << 20 }), allowed: async (id) => (id % 2n ? none(id) : 1 << 20), partMs: 500 }),
    verifierService({ allowPrivate: true, log: silentLogger, found: () => {}, memory: 64 << 20 }).service,
  ];
}

export interface Hit {
  readonly sent: number;
  /** calls by the status they ended with; "reset" where the server, or its HTTP/2, broke the stream off */
  readonly ended: ReadonlyMap<string, number>;
  readonly crashes: readonly string[];
  /** whether a call was answered as it should be after all of them */
  readonly serves: boolean;
}

function framed(below: (n: number) => number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = below(12) === 0 ? below(256) : 0;
  head.writeUInt32BE(below(12) === 0 ? below(2 ** 32) : body.length, 1);
  return Buffer.concat([head, body]);
}

/** Sends `count` first messages to the methods of one service. */
export async function hit(services: readonly Service[], at: number, count: number, seed: number): Promise<Hit> {
  const counters = new Counters();
  const fast = services.map((s) => ({ ...s, budgets: Object.fromEntries(Object.keys(s.info.methods).map((m) => [m, { ...s.budgets[m], perSecond: 1e9 }])) }));
  const server = await serveGrpc({ listen: "127.0.0.1:0", services: fast, counters });
  const crashes: string[] = [];
  const crashed = (e: unknown): void => void crashes.push((e as Error).stack ?? String(e));
  process.on("uncaughtException", crashed).on("unhandledRejection", crashed);
  const below = numbers(seed);
  const methods = Object.values((services[at] as Service).info.methods) as MethodInfo[];
  const ended = new Map<string, number>();
  let session: ClientHttp2Session | undefined;
  let sent = 0;

  const one = (): Promise<void> =>
    new Promise((resolve) => {
      if (!session || session.destroyed || session.closed) session = connect(`http://127.0.0.1:${server.port}`).on("error", () => {});
      const m = methods[below(methods.length)] as MethodInfo;
      const bases = DECODERS.find((d) => d.name === m.request.typeUrl)?.bases ?? [];
      const body = input(bases, below);
      const s = session.request({ ":method": "POST", ":path": m.path, "content-type": "application/grpc", te: "trailers", ...(below(30) === 0 ? { "grpc-encoding": "gzip" } : {}) });
      let status = "reset";
      const hear = (h: Record<string, unknown>): void => void (h["grpc-status"] !== undefined && (status = `${h["grpc-status"]}`));
      s.on("response", hear).on("trailers", hear).on("error", () => {});
      s.once("close", () => {
        ended.set(status, (ended.get(status) ?? 0) + 1);
        resolve();
      });
      s.resume();
      sent++;
      if (m.requestStream && below(2)) s.write(framed(below, body));
      s.end(framed(below, body));
    });
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, i) => {
        for (let n = i; n < count; n += AT_ONCE) await one();
      }),
    );
    return { sent, ended, crashes, serves: await serves(server.port) };
  } finally {
    process.off("uncaughtException", crashed).off("unhandledRejection", crashed);
    session?.destroy();
    await server.close();
  }
}

/** An honest caller of the log gets its answer, and one of the bus its challenge. */
async function serves(port: number): Promise<boolean> {
  const remote = await Remote.dial(`127.0.0.1:${port}`, { allowPrivate: true });
  try {
    const said = await remote.unary(LogService.methods.header, { taskId: 9n, slot: 0, seq: 1n }, { timeout: 5_000 }).catch((e: Error) => e.message);
    const stream = remote.duplex(BusService.methods.attach);
    const frame = await new Promise<BusFrame | undefined>((resolve) => stream.once("data", resolve).once("error", () => resolve(undefined)));
    stream.on("error", () => {}).cancel();
    return /task 9 is not supervised here/.test(String(said)) && frame?.challenge?.nonce.length === 32;
  } finally {
    remote.close();
  }
}

export const NAMES = ["Bus", "Log", "Evidence", "Blob", "Verifier"] as const;
