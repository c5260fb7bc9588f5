/** What a server grants callers, by what they do to it: see docs/attacks.md. */
import "#platform/install.js";
import { mkdtempSync, readdirSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { connect, type ClientHttp2Session, type ClientHttp2Stream, createServer } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { type BlobChunk, BlobService, EvidenceService, LogService } from "#proto/gen/pouw/v1/services.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { BlobClient, BlobStore, blobService, CHUNK, Counters, type MethodBudget, Remote, serveGrpc, service } from "./index.js";

const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));
const until = async (done: () => boolean, what: string): Promise<void> => {
  for (const end = Date.now() + 30_000; !done(); await sleep(5)) if (Date.now() > end) throw new Error(`waited 30 s for ${what}`);
};
const framed = (body: Uint8Array, compressed = false): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const PATH = LogService.methods.header.path;
const request = (path: string = PATH, more = {}) => ({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...more });

/** A connection to say what one likes on, and how a stream of it ended. */
function raw(t: ExecutionContext, port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  t.teardown(() => session.destroy());
  return session;
}
const ending = (s: ClientHttp2Stream): Promise<{ status: string; message: string }> =>
  new Promise((resolve) => {
    let said = { status: "", message: "" };
    const hear = (h: Record<string, unknown>): void => {
      if (h["grpc-status"] !== undefined) said = { status: `${h["grpc-status"]}`, message: decodeURI(`${h["grpc-message"] ?? ""}`) };
    };
    s.on("response", hear).on("trailers", hear).on("error", () => {}).on("close", () => resolve(said));
    s.resume();
  });

interface Log {
  readonly port: number;
  readonly counters: Counters;
  /** calls that run at this moment, and the most that ever did */
  running: number;
  most: number;
  release: () => void;
}
/** A log service whose calls run until they are released, or their caller is gone. */
async function logServer(t: ExecutionContext, budget: Partial<MethodBudget> = {}): Promise<Log> {
  const counters = new Counters();
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const run = async (signal: AbortSignal): Promise<void> => {
    log.most = Math.max(log.most, ++log.running);
    await Promise.race([released, new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))]);
    log.running--;
  };
  const server = await serveGrpc({
    listen: "127.0.0.1:0",
    counters,
    services: [
      service(
        LogService,
        {
          // oxlint-disable-next-line require-yield -- it stands still, as a log that nothing is added to
          async *stream(_q, call) {
            await run(call.signal);
          },
          async header(_q, call) {
            await run(call.signal);
            return {};
          },
          async *descend() {},
          async *range() {
            for (;;) yield { header: new Uint8Array(8), map: new Uint8Array(1 << 20), signature: new Uint8Array(64) };
          },
        },
        { stream: budget, header: budget, range: budget },
      ),
    ],
  });
  const log: Log = { port: server.port, counters, running: 0, most: 0, release };
  t.teardown(async () => {
    release();
    await server.close();
  });
  return log;
}

test.serial("a server refuses a compressed message before it is inflated", async (t) => {
  const { port, counters } = await logServer(t);
  const s = raw(t, port).request(request(PATH, { "grpc-encoding": "gzip" }));
  // 60 MiB of zeros are 60 kB here
  s.end(framed(gzipSync(new Uint8Array(60 << 20), { level: 9 }).subarray(0, 60_000), true));
  const { status, message } = await ending(s);
  t.is(status, "12");
  t.regex(message, /compressed messages are not taken/);
  t.is(counters.of("compressed"), 1);
});

test.serial("a client refuses a compressed message before it is inflated", async (t) => {
  const bomb = framed(gzipSync(new Uint8Array(60 << 20), { level: 9 }), true);
  const evil = createServer();
  let sent = 0;
  evil.on("stream", (s) => {
    s.on("error", () => {});
    s.respond({ ":status": 200, "content-type": "application/grpc", "grpc-encoding": "gzip" });
    const go = (): void => {
      while (!s.destroyed) {
        sent++;
        if (!s.write(bomb)) return void s.once("drain", go);
      }
    };
    go();
  });
  await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
  t.teardown(() => evil.close());
  const remote = await Remote.dial(`127.0.0.1:${(evil.address() as { port: number }).port}`, { allowPrivate: true });
  t.teardown(() => remote.close());
  const before = process.memoryUsage().rss;
  await t.throwsAsync(
    async () => {
      for await (const m of remote.serverStream(LogService.methods.range, { taskId: 1n, slot: 0, first: 1n, last: 9n })) void m;
    },
    { message: /compressed message, which is not read/ },
  );
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  t.true(grown < 60, `${grown.toFixed(0)} MiB for ${sent} messages of 60 MiB`);
});

test.serial("a call whose request does not come is ended, and one that trickles too", async (t) => {
  const { port, counters, most } = await logServer(t);
  const session = raw(t, port);
  const silent = session.request(request());
  const slow = session.request(request());
  slow.write(framed(new Uint8Array(100)).subarray(0, 50));
  const drip = setInterval(() => slow.destroyed || slow.write(Buffer.of(0)), 1_000);
  const ends = await Promise.all([ending(silent), ending(slow)]);
  clearInterval(drip);
  for (const { status, message } of ends) {
    t.is(status, "4");
    t.regex(message, /no whole request in 10000 ms/);
  }
  t.is(counters.of("no-request"), 2);
  t.is(most, 0);
});

test.serial("of one address a method runs so many calls at one time; others wait, and beyond that are refused", async (t) => {
  const log = await logServer(t, { running: 3 });
  const session = raw(t, log.port);
  const ends = Array.from({ length: 90 }, () => {
    const s = session.request(request());
    s.end(framed(new Uint8Array(0)));
    return ending(s);
  });
  await until(() => log.counters.of("calls-running") === 90 - 3 - 64, "the refusals");
  await until(() => log.running === 3, "those that run");
  log.release();
  const said = await Promise.all(ends);
  t.is(said.filter((e) => e.status === "0").length, 67);
  t.is(said.filter((e) => e.status === "8" && /wait here: try again later/.test(e.message)).length, 23);
  t.is(log.most, 3);
});

test.serial("a rate is a rate: what is beyond it is refused, and time gives it back", async (t) => {
  const log = await logServer(t, { perSecond: 2 });
  log.release();
  const session = raw(t, log.port);
  const call = (): Promise<{ status: string; message: string }> => {
    const s = session.request(request());
    s.end(framed(new Uint8Array(0)));
    return ending(s);
  };
  const said = await Promise.all(Array.from({ length: 30 }, call));
  t.is(said.filter((e) => e.status === "0").length, 20, "ten seconds' worth at once");
  t.regex(said.find((e) => e.status === "8")?.message ?? "", /more than 2 calls of .* a second/);
  await sleep(600);
  t.is((await call()).status, "0");
});

test.serial("streams whose callers are gone leave nothing behind", async (t) => {
  const log = await logServer(t, { perSecond: 10_000, running: 32 });
  const session = raw(t, log.port);
  for (let round = 0; round < 10; round++) {
    const all = Array.from({ length: 50 }, () => {
      const s = session.request(request(LogService.methods.stream.path));
      s.on("error", () => {});
      s.end(framed(new Uint8Array(0)));
      return s;
    });
    if (round === 0) await until(() => log.running > 0, "the first that run");
    await sleep(20);
    for (const s of all) s.close(8);
  }
  await until(() => log.running === 0, "the last one's end");
  t.true(log.most > 0 && log.most <= 32, `${log.most} ran`);
});

test.serial("a stream lasts so long, and says so at its end", async (t) => {
  const log = await logServer(t, { lastsMs: 200 });
  const s = raw(t, log.port).request(request(LogService.methods.stream.path));
  s.end(framed(new Uint8Array(0)));
  const { status, message } = await ending(s);
  t.is(status, "14");
  t.regex(message, /lasts at most 200 ms: go on from where you are/);
  await until(() => log.running === 0, "its handler's end");
});

test.serial("a reader that stands still is left, and one that reads is not", async (t) => {
  const log = await logServer(t, { stallMs: 2_000 });
  const range = LogService.methods.range.path;
  const idle = raw(t, log.port).request(request(range));
  idle.on("error", () => {}).pause();
  idle.end(framed(new Uint8Array(0)));
  const reading = raw(t, log.port).request(request(range));
  let read = 0;
  reading.on("data", (d: Buffer) => (read += d.length)).on("error", () => {});
  reading.end(framed(new Uint8Array(0)));
  await until(() => log.counters.of("reader-stalled") === 1, "the one that stands still");
  await until(() => idle.closed, "its end");
  const before = read;
  await until(() => read > before + (4 << 20), "more for the one that reads");
  t.false(reading.closed);
  reading.close();
});

test.serial("an address has so many calls open, whatever they are; one that goes on is shut out", async (t) => {
  const log = await logServer(t);
  const sessions = Array.from({ length: 12 }, () => raw(t, log.port));
  const gone = new Promise<string>((resolve) => sessions.forEach((s) => s.on("goaway", (_code, _last, why) => resolve(`${why}`))));
  const ends: Promise<{ status: string; message: string }>[] = [];
  for (let n = 0; n < 1_200; n++) {
    const s = (sessions[n % 12] as ClientHttp2Session).request(request());
    ends.push(ending(s)); // the request itself never comes
  }
  t.regex(await gone, /kept out for a while/);
  await until(() => log.counters.of("calls-open") >= 500, "the refusals");
  await until(() => sessions.every((s) => s.destroyed || s.closed), "the ends of its connections");
  const again = raw(t, log.port);
  await until(() => again.destroyed || again.closed, "a refused connection");
  t.true(log.counters.of("address-shut") >= 1);
});

// ---- uploads ----

const blob = new Uint8Array(2 * CHUNK + 5).fill(3);
const cid = cidOf(nodeCrypto, blob);
async function blobServer(t: ExecutionContext, maxBytes = 64 << 20) {
  const directory = mkdtempSync(join(tmpdir(), "blob-"));
  const store = new BlobStore(directory, { maxBytes });
  const counters = new Counters();
  const server = await serveGrpc({ listen: "127.0.0.1:0", counters, services: [blobService({ store, allowed: async () => 4 << 20, partMs: 2_000 })] });
  const endpoint = `127.0.0.1:${server.port}`;
  const remote = await Remote.dial(endpoint, { allowPrivate: true });
  t.teardown(async () => (remote.close(), server.close()));
  return { store, counters, endpoint, remote, directory };
}

test.serial("an upload that stands still ends, and its bytes are given back", async (t) => {
  const { store, counters, endpoint, remote, directory } = await blobServer(t, 16 << 20);
  const idle = Array.from({ length: 12 }, () => {
    async function* chunks(): AsyncGenerator<Partial<BlobChunk>> {
      yield { cid, taskId: 1n, size: 4n << 20n, offset: 0n, data: new Uint8Array(CHUNK) };
      await new Promise(() => {});
    }
    return remote.clientStream(BlobService.methods.put, chunks()).then(() => "stored", (e: Error) => e.message);
  });
  await until(() => store.usedBytes >= 12 * CHUNK, "their bytes");
  for (const said of await Promise.all(idle)) t.regex(said, /next part of the upload did not come in 2000 ms/);
  await until(() => store.usedBytes === 0, "the bytes given back");
  t.is(readdirSync(directory).length, 0);
  t.is(counters.of("upload-idle"), 12);
  const good = new BlobClient({ endpoints: [endpoint], allowPrivate: true });
  t.teardown(() => good.close());
  await good.putTo(endpoint, 1n, cid, blob);
  t.is(store.usedBytes, blob.length);
});

test.serial("an upload whose caller is gone gives its bytes back at once", async (t) => {
  const { store, remote } = await blobServer(t);
  const stop = new AbortController();
  async function* chunks(): AsyncGenerator<Partial<BlobChunk>> {
    yield { cid, taskId: 1n, size: 4n << 20n, offset: 0n, data: new Uint8Array(CHUNK) };
    await new Promise(() => {});
  }
  const put = remote.clientStream(BlobService.methods.put, chunks(), { signal: stop.signal });
  await until(() => store.usedBytes === CHUNK, "its bytes");
  stop.abort();
  await t.throwsAsync(put);
  await until(() => store.usedBytes === 0, "the bytes given back");
});

test.serial("a chunk whose length cannot be right is refused before it is hashed", async (t) => {
  const { store, remote } = await blobServer(t);
  const put = (...chunks: Partial<BlobChunk>[]) => remote.clientStream(BlobService.methods.put, chunks);
  const first = { cid, taskId: 1n, size: BigInt(blob.length), offset: 0n };
  const whole = new Uint8Array(CHUNK);
  await t.throwsAsync(put({ ...first, size: 5n << 20n, data: whole }), { message: /larger than the 4194304 bytes/ });
  await t.throwsAsync(put({ ...first, data: new Uint8Array(100) }), { message: /before the last has 100 bytes, want 1048576/ });
  await t.throwsAsync(put({ ...first, size: 100n, data: whole }), { message: /ends at 1048576: the first one said 100/ });
  await t.throwsAsync(put({ ...first, data: whole, last: true }), { message: /ends at 1048576 and is the last: the first one said 2097157/ });
  await t.throwsAsync(put({ ...first, data: whole }, { offset: 7n, data: whole }), { message: /for offset 7, want 1048576/ });
  t.is(store.usedBytes, 0);
});

test.serial("addresses that hold every place and every turn, and read nothing, keep nobody else from being served", async (t) => {
  const counters = new Counters();
  const residual = new Uint8Array(268);
  const server = await serveGrpc({
    listen: "127.0.0.1:0",
    counters,
    services: [
      service(
        EvidenceService,
        {
          async *residual() {
            yield { offset: 0n, residual };
          },
          async *peerMessages() {},
        },
        { residual: { running: 4, runningTotal: 8, perSecond: 20 } },
      ),
    ],
  });
  let over = false;
  let opened = 0;
  const sessions = ["127.0.0.2", "127.0.0.3"].map((localAddress) => {
    const session = connect(`http://127.0.0.1:${server.port}`, { createConnection: () => connectTcp({ host: "127.0.0.1", port: server.port, localAddress }), settings: { initialWindowSize: 0 } });
    session.on("error", () => {});
    const open = (): void => {
      if (over || session.destroyed) return;
      opened++;
      const call = session.request(request(EvidenceService.methods.residual.path));
      call.on("error", () => {}).on("close", () => setTimeout(open, 100));
      call.resume();
      call.end(framed(new Uint8Array(0)));
    };
    for (let i = 0; i < 68; i++) open();
    return session;
  });
  await until(() => counters.of("call") >= 136, "every place and turn to be taken");
  const remote = await Remote.dial(`127.0.0.1:${server.port}`, { allowPrivate: true });
  for (let i = 0; i < 3; i++) {
    let bytes = 0;
    for await (const part of remote.serverStream(EvidenceService.methods.residual, {}, { timeout: 60_000 })) bytes += part.residual.length;
    t.is(bytes, residual.length);
  }
  t.true(opened >= 136);
  t.true(counters.of("reader-stalled") >= 3);
  over = true;
  for (const s of sessions) s.destroy();
  remote.close();
  await server.close();
});

test.serial("an address that keeps its places with calls that never end gives one up to another that waits", async (t) => {
  const server = await serveGrpc({
    listen: "127.0.0.1:0",
    services: [
      service(
        LogService,
        {
          async *stream(_request, { signal }) {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            yield {};
          },
          header: async () => ({}),
          async *descend() {},
          async *range() {},
        },
        { stream: { running: 4, runningTotal: 4 } },
      ),
    ],
  });
  const session = connect(`http://127.0.0.1:${server.port}`, { createConnection: () => connectTcp({ host: "127.0.0.1", port: server.port, localAddress: "127.0.0.2" }) });
  session.on("error", () => {});
  const endings = Array.from({ length: 4 }, () => {
    const call = session.request(request(LogService.methods.stream.path));
    call.resume();
    call.end(framed(new Uint8Array(0)));
    return ending(call);
  });
  await sleep(300);
  const honest = raw(t, server.port).request(request(LogService.methods.stream.path));
  honest.on("error", () => {}).resume();
  honest.end(framed(new Uint8Array(0)));
  const first = await Promise.race(endings);
  t.is(first.status, "14");
  t.regex(first.message, /more calls than its share/);
  session.destroy();
  await server.close();
});
