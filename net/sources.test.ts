/** What a verifier and an evaluator fetch over ordinary links, from supervisors that are silent, trickle, break off or lie. */
import "#platform/install.js";
import test, { type ExecutionContext } from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BlobService, LogService } from "#proto/gen/pouw/v1/services.js";
import { link } from "#test/daemons/link.js";
import { Descent, PAGE_BYTES } from "./descent.js";
import { BlobClient, notFound, serveGrpc, service } from "./index.js";
import { TaskSources } from "./sources.js";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const forever = (): Promise<never> => new Promise(() => {});

/** A log of one slot. */
function logOf(messages: number, mapBytes: number): Iteration[] {
  const map = new Uint8Array(mapBytes).map((_, i) => (i * 7919) & 255);
  const mapHash = nodeCrypto.sha256(map);
  const out: Iteration[] = [];
  let prev: Uint8Array = new Uint8Array(32);
  for (let seq = 1n; seq <= BigInt(messages); seq++) {
    const header = Header.encode(Header.create({ version: 1, chainId: "c", taskId: 1n, seq, prev, mapHash, clock: [seq - 1n] }));
    out.push({ header, map, signature: new Uint8Array(64) });
    prev = nodeCrypto.sha256(header);
  }
  return out;
}
const headOf = (log: readonly Iteration[]) => ({ seq: BigInt(log.length), hash: nodeCrypto.sha256((log.at(-1) as Iteration).header) });

interface Conduct {
  /** messages after which a page breaks off */
  readonly breaksOff?: number;
  readonly silent?: boolean;
  /** ms before each message */
  readonly slow?: number;
  readonly lies?: boolean;
}

async function supervisor(t: ExecutionContext, log: readonly Iteration[], conduct: Conduct = {}): Promise<string> {
  const server = await serveGrpc({
    listen: "127.0.0.1:0",
    services: [
      service(LogService, {
        async *stream() {},
        header: async () => ({}),
        async *range() {},
        async *descend({ last, first, bytes }, call) {
          if (conduct.silent) await forever();
          let sent = 0;
          for (let n = 0, seq = Number(last); seq >= Number(first) && sent < Number(bytes); seq--, n++) {
            if (n === conduct.breaksOff) throw notFound("broke off");
            if (conduct.slow) await wait(conduct.slow);
            if (call.signal.aborted) return;
            const m = log[seq - 1] as Iteration;
            yield conduct.lies && n === 3 ? { ...m, map: Uint8Array.of(0) } : m;
            sent += m.header.length + m.map.length;
          }
        },
      }),
    ],
  });
  t.teardown(() => server.close());
  return `127.0.0.1:${server.port}`;
}

async function descend(t: ExecutionContext, log: readonly Iteration[], endpoints: readonly string[], headStartMs = 300): Promise<{ descent: Descent; arrived: number; ms: number }> {
  const sources = new TaskSources({ allowPrivate: true, headStartMs });
  t.teardown(() => sources.close());
  const descent = new Descent({ taskId: 1n, slot: 0 }, headOf(log));
  let arrived = 0;
  const started = performance.now();
  await sources.descend(1n, 0, descent, 0n, { endpoints, signal: AbortSignal.timeout(60_000), arrived: (bytes) => (arrived += bytes) });
  descent.seal();
  return { descent, arrived, ms: performance.now() - started };
}

test.serial("a log comes in pages of about 1 MiB over a link of 5 Mbit/s, and no byte of it twice while the link is good enough", async (t) => {
  const log = logOf(300, 8_000);
  const near = await supervisor(t, log);
  const slow = await link(near, 625_000);
  t.teardown(() => slow.close());
  const { descent, arrived } = await descend(t, log, [slow.endpoint, near], 2_000);
  t.is(descent.bottom, 1n);
  t.is(arrived, log.reduce((n, m) => n + m.header.length + m.map.length + m.signature.length, 0));
  t.true(descent.pages.every((p) => p.bytes.byteLength <= PAGE_BYTES + 10_000));
  t.true(slow.carried() < 1.3 * arrived);
});

test.serial("one that is silent and one that trickles are followed by the next, and one that breaks off or lies loses nothing that was checked", async (t) => {
  const log = logOf(400, 8_000);
  const bad = [await supervisor(t, log, { silent: true }), await supervisor(t, log, { slow: 1_000 }), await supervisor(t, log, { breaksOff: 60 }), await supervisor(t, log, { lies: true })];
  const { descent, arrived, ms } = await descend(t, log, [...bad, await supervisor(t, log)]);
  t.is(descent.bottom, 1n);
  t.true(ms < 15_000, `${ms} ms`);
  t.is(arrived, log.reduce((n, m) => n + m.header.length + m.map.length + m.signature.length, 0), "every message counted once, whoever sent it");
});

test.serial("what was checked stays when nobody is left, and the next attempt goes on there", async (t) => {
  const log = logOf(100, 1_000);
  const sources = new TaskSources({ allowPrivate: true });
  t.teardown(() => sources.close());
  const descent = new Descent({ taskId: 1n, slot: 0 }, headOf(log));
  const asked = { endpoints: [await supervisor(t, log, { breaksOff: 40 })], signal: AbortSignal.timeout(20_000) };
  await t.throwsAsync(sources.descend(1n, 0, descent, 0n, asked), { message: /broke off/ });
  t.is(descent.bottom, 61n);
  await sources.descend(1n, 0, descent, 0n, { ...asked, endpoints: [await supervisor(t, log)] });
  t.is(descent.bottom, 1n);
});

test.serial("a supervisor that trickles blobs costs its head start once, and is asked last from then on", async (t) => {
  const blobs = new Map([1, 2, 3].map((n): [string, Uint8Array] => [cidOf(nodeCrypto, new Uint8Array(100).fill(n)), new Uint8Array(100).fill(n)]));
  let asked = 0;
  const serve = async (trickles: boolean): Promise<string> => {
    const server = await serveGrpc({
      listen: "127.0.0.1:0",
      services: [
        service(BlobService, {
          put: async () => ({}),
          async *get({ cid, offset }, call) {
            if (trickles) asked++;
            const bytes = blobs.get(cid) as Uint8Array;
            for (let at = Number(offset); at < bytes.length && !call.signal.aborted; at += trickles ? 1 : 100) {
              if (trickles) await wait(500);
              yield { cid, offset: BigInt(at), data: bytes.subarray(at, at + (trickles ? 1 : 100)) };
            }
          },
        }),
      ],
    });
    t.teardown(() => server.close());
    return `127.0.0.1:${server.port}`;
  };
  const client = new BlobClient({ endpoints: [await serve(true), await serve(false)], allowPrivate: true });
  t.teardown(() => client.close());
  const started = performance.now();
  for (const [cid, bytes] of blobs) t.deepEqual(await client.get(cid, 100, { timeout: 60_000 }), bytes);
  t.true(performance.now() - started < 8_000, "50 s each from the one that trickles");
  t.is(asked, 1);
});
