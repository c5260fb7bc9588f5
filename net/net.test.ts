import "#platform/install.js";
import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import test from "ava";
import { Client, credentials } from "@grpc/grpc-js";
import { service as health } from "grpc-health-check";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BlobService, type BusFrame, BusService, type EvidenceReply, LogService } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { BlobClient, BlobStore, blobService, BusHub, BusLink, cidDigest, EndpointError, isPrivateAddress, LogClient, notFound, parseEndpoint, Remote, resolveEndpoint, serveGrpc, service } from "./index.js";

const cidOf = (bytes: Uint8Array): string => {
  const raw = Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), createHash("sha256").update(bytes).digest()]);
  let bits = "";
  for (const b of raw) bits += b.toString(2).padStart(8, "0");
  let s = "b";
  for (let i = 0; i < bits.length; i += 5) s += "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(bits.slice(i, i + 5).padEnd(5, "0"), 2)];
  return s;
};
const message = (slot: number, seq: number): Iteration => ({ header: Uint8Array.of(slot, seq), map: Uint8Array.of(0), signature: new Uint8Array(64) });
const until = async (done: () => boolean, what: string): Promise<void> => {
  for (let i = 0; i < 500; i++) {
    if (done()) return;
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error(`waited 5 s for ${what}`);
};

test("private, loopback and link-local addresses are told from public ones", (t) => {
  for (const ip of ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"]) t.true(isPrivateAddress(ip), ip);
  for (const ip of ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) t.false(isPrivateAddress(ip), ip);
});

test("an endpoint is host:port and nothing else, and a loopback one needs leave", async (t) => {
  for (const bad of ["", "localhost", "localhost:0", "localhost:70000", "http://a:1", "a:1/x", "unix:/tmp/x:1", "a b:1", "-a:1", "[zz]:1", "[1.2.3.4]:80"]) t.throws(() => parseEndpoint(bad), { instanceOf: EndpointError }, bad);
  await t.throwsAsync(resolveEndpoint("127.0.0.1:80", false), { instanceOf: EndpointError, message: /--allow-private/ });
  await t.throwsAsync(resolveEndpoint("localhost:80", false), { instanceOf: EndpointError });
  t.is(await resolveEndpoint("127.0.0.1:80", true), "ipv4:127.0.0.1:80");
});

test("a CID passes in one spelling only", (t) => {
  const cid = cidOf(Uint8Array.of(1, 2, 3));
  t.deepEqual(Buffer.from(cidDigest(cid) as Uint8Array), createHash("sha256").update(Uint8Array.of(1, 2, 3)).digest());
  for (const bad of ["", `${cid}a`, cid.toUpperCase(), cid.slice(0, -1), `../${cid.slice(3)}`, `b${"a".repeat(58)}`, cid.replace(/.$/, "b"), "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"]) t.is(cidDigest(bad), undefined, bad);
});

test("a blob goes up in chunks, comes down whole, and resumes on the next server where the first breaks off", async (t) => {
  const bytes = new Uint8Array(2_500_000).map((_, i) => (i * 31) & 255);
  const cid = cidOf(bytes);
  const store = new BlobStore(mkdtempSync(join(tmpdir(), "blob-")));
  const good = await serveGrpc({ listen: "127.0.0.1:0", services: [blobService({ store, allowed: async () => 3_000_000 })] });
  const breaking = await serveGrpc({
    listen: "127.0.0.1:0",
    services: [
      service(BlobService, {
        put: async () => ({}),
        async *get({ offset }) {
          yield { cid, offset, data: bytes.subarray(0, 1_000_000) };
          throw notFound("broke off");
        },
      }),
    ],
  });
  const from = new BlobClient({ endpoints: [`127.0.0.1:${breaking.port}`, `127.0.0.1:${good.port}`], allowPrivate: true });
  try {
    await from.putTo(`127.0.0.1:${good.port}`, 1n, cid, bytes);
    t.true(Buffer.from(bytes).equals((await store.get(cid)) as Uint8Array));
    t.true(Buffer.from(bytes).equals(await from.get(cid, 3_000_000)));
    await t.throwsAsync(from.get(cid, 1000), { message: /larger than 1000/ });
    await t.throwsAsync(from.putTo(`127.0.0.1:${good.port}`, 1n, cidOf(Uint8Array.of(9)), bytes), { message: /do not hash to/ });
    await t.throwsAsync(from.putTo(`127.0.0.1:${good.port}`, 1n, cidOf(new Uint8Array(3_000_001)), new Uint8Array(3_000_001)), { message: /larger than the 3000000/ });
  } finally {
    from.close();
    await good.close();
    await breaking.close();
  }
});

test("a blob file that is a link is not followed", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "blob-"));
  const cid = cidOf(Uint8Array.of(7));
  const store = new BlobStore(directory);
  symlinkSync("/etc/passwd", join(directory, cid));
  await t.throwsAsync(async () => {
    for await (const p of store.read(cid)) void p;
  }, { message: /is not here/ });
});

test("the log client asks the next supervisor where one serves what does not check", async (t) => {
  const serve = (seq: number) =>
    serveGrpc({
      listen: "127.0.0.1:0",
      services: [
        service(LogService, {
          async *stream() {},
          header: async () => ({ iteration: message(0, seq) }),
          async *range() {
            yield message(0, seq);
          },
        }),
      ],
    });
  const [bad, good] = [await serve(9), await serve(1)];
  const log = new LogClient({ endpoints: [`127.0.0.1:${bad.port}`, `127.0.0.1:${good.port}`], allowPrivate: true });
  const check = (m: Iteration) => {
    if (m.header[1] !== 1) throw new Error("another header");
  };
  try {
    t.is((await log.header(1n, 0, 1n, check)).header[1], 1);
    t.is((await log.range(1n, 0, 1n, 1n, ([m]) => check(m as Iteration))).length, 1);
    await t.throwsAsync(log.range(1n, 0, 1n, 3n), { message: /has 1 of messages/ });
  } finally {
    log.close();
    await bad.close();
    await good.close();
  }
});

test("a server answers health checks and reflection", async (t) => {
  const server = await serveGrpc({ listen: "127.0.0.1:0", services: [blobService({ store: new BlobStore(mkdtempSync(join(tmpdir(), "blob-"))), allowed: async () => 1 })] });
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const check = (health as any).Check ?? (health as any).check;
  const ask = () =>
    new Promise<{ status: string }>((resolve, reject) => client.makeUnaryRequest(check.path, check.requestSerialize, check.responseDeserialize, { service: "pouw.v1.Blob" }, (e, v) => (e ? reject(e) : resolve(v as never))));
  const remote = await Remote.dial(`127.0.0.1:${server.port}`, { allowPrivate: true });
  try {
    t.is((await ask()).status, "SERVING");
    server.setServing(false);
    t.is((await ask()).status, "NOT_SERVING");
    // ServerReflectionRequest{7 list_services: ""} on the v1 path; the answer names our service
    const identity = (b: Buffer) => b;
    const names = await new Promise<string>((resolve, reject) => {
      const call = client.makeBidiStreamRequest("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", identity, identity);
      call.on("data", (d: Buffer) => {
        resolve(d.toString("latin1"));
        call.end();
      });
      call.on("error", reject);
      call.write(Buffer.from([0x3a, 0x00]));
    });
    t.regex(names, /pouw\.v1\.Blob/);
  } finally {
    remote.close();
    client.close();
    await server.close();
  }
});

interface Bench {
  hub: BusHub;
  got: Iteration[];
  port: number;
  close(): Promise<void>;
}
const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
async function bench(log: Iteration[], port = 0, followers: { wake: () => void }[] = []): Promise<Bench> {
  const got: Iteration[] = [];
  const hub = new BusHub({
    chainId: "test-1",
    address: "pouw1hub",
    seat: async (taskId, role, index) => (taskId === 1n && role === Role.ROLE_MINER && index === 0 ? { worker: "pouw1miner", sessionKey: key.publicKey } : undefined),
    clock: async () => [BigInt(got.length)],
    iteration: async (peer, m) => {
      got.push(m);
      peer.acknowledge(0, BigInt(got.length));
    },
    residual: async () => {},
    async *follow(_task, clock, signal) {
      for (let i = Number(clock[0] ?? 0n); !signal.aborted; ) {
        if (i < log.length) yield log[i++] as Iteration;
        else await new Promise<void>((wake) => followers.push({ wake }) && setTimeout(wake, 20));
      }
    },
  });
  const server = await serveGrpc({ listen: `127.0.0.1:${port}`, services: [hub.service()] });
  return { hub, got, port: server.port, close: () => (hub.close(), server.close()) };
}

test("a link attaches by its session key, takes the log from its clock, sends its own, answers evidence, and comes back after the hub restarts", async (t) => {
  const log = [message(1, 1), message(1, 2), message(1, 3)];
  let b = await bench(log);
  const received: number[] = [];
  const acks: bigint[] = [];
  const link = new BusLink(
    {
      endpoint: `127.0.0.1:${b.port}`,
      chainId: "test-1",
      supervisor: "pouw1hub",
      taskId: 1n,
      role: Role.ROLE_MINER,
      index: 0,
      allowPrivate: true,
      sign: (m) => key.sign(m),
      clock: () => [BigInt(received.length + 1)],
      iteration: async (m) => void received.push(m.header[1] as number),
      async *outgoing(clock) {
        for (let i = Number(clock[0]); i < 3; i++) yield message(0, i + 1);
      },
      acknowledged: (_slot, seq) => acks.push(seq),
      async *evidence(r) {
        if (r.seq === 2n) {
          yield { residual: Uint8Array.of(1, 2) };
          yield { residual: Uint8Array.of(3) };
        }
      },
    },
    true,
  );
  try {
    await until(() => received.length === 2 && acks.at(-1) === 3n, "the first session");
    t.deepEqual(received, [2, 3]);
    t.deepEqual(b.got.map((m) => m.header[1]), [1, 2, 3]);
    const [peer] = b.hub.ofWorker(1n, "pouw1miner");
    const parts: number[] = [];
    const ask = (seq: bigint, take = (r: EvidenceReply) => void parts.push(...r.residual)) =>
      peer!.ask({ residualHash: new Uint8Array(32), slot: 0, seq, residual: true, peers: false, iteration: false }, take, { silence: 2000, total: 2000 });
    t.true(await ask(2n));
    t.deepEqual(parts, [1, 2, 3]);
    t.false(await ask(3n));
    await t.throwsAsync(ask(2n, () => { throw new Error("more than was allowed"); }), { message: "more than was allowed" });
    const { port } = b;
    await b.close();
    await until(() => !link.connected, "the break");
    log.push(message(1, 4));
    b = await bench(log, port);
    await until(() => received.length === 3, "the second session");
    t.deepEqual(received, [2, 3, 4]);
  } finally {
    await link.close();
    await b.close();
  }
});

test("an attach with another key is refused, and so is a signature made for another hub", async (t) => {
  const b = await bench([]);
  const wrong = (sign: (m: Uint8Array) => Uint8Array, supervisor: string) =>
    new BusLink({ endpoint: `127.0.0.1:${b.port}`, chainId: "test-1", supervisor, taskId: 1n, role: Role.ROLE_MINER, index: 0, allowPrivate: true, sign, clock: () => [0n], iteration: async () => {} }, true);
  const links = [wrong((m) => sessionKeyFromSeed(new Uint8Array(32).fill(2)).sign(m), "pouw1hub"), wrong((m) => key.sign(m), "pouw1other")];
  try {
    await new Promise((r) => setTimeout(r, 500));
    t.deepEqual(links.map((l) => l.connected), [false, false]);
    t.is(b.hub.ofTask(1n).length, 0);
  } finally {
    for (const l of links) await l.close();
    await b.close();
  }
});

/** A hub of our own making, for what an honest one never sends. */
async function badHub(t: { teardown(f: () => unknown): void }, talk: (stream: { write(f: Partial<BusFrame>): void; on(e: "data", f: (frame: BusFrame) => void): void }) => void): Promise<string> {
  const server = await serveGrpc({ listen: "127.0.0.1:0", services: [service(BusService, { attach: (stream) => talk(stream as never) })] });
  t.teardown(() => server.close());
  return `127.0.0.1:${server.port}`;
}
const linkTo = (endpoint: string, more: Partial<ConstructorParameters<typeof BusLink>[0]> = {}) =>
  new BusLink({ endpoint, chainId: "test-1", supervisor: "pouw1hub", taskId: 1n, role: Role.ROLE_MINER, index: 0, allowPrivate: true, sign: (m) => key.sign(m), clock: () => [0n], iteration: async () => {}, ...more }, false);

test("a hub that says attached twice is left: our log is sent once a session", async (t) => {
  let begun = 0;
  const at = await badHub(t, (s) => {
    s.on("data", (f) => f.attach && [1, 2, 3].forEach(() => s.write({ attached: { clock: [0n] } })));
    s.write({ challenge: { nonce: new Uint8Array(32) } });
  });
  let sessions = 0;
  const link = linkTo(at, {
    attached: () => void sessions++,
    async *outgoing() {
      begun++;
      yield message(0, 1);
    },
  });
  await until(() => sessions >= 2, "a second session");
  t.is(begun, sessions);
  await link.close();
});

test("a hub that asks for much at once is answered two at a time, and what is too much not at all", async (t) => {
  let running = 0;
  let most = 0;
  const answered = new Set<bigint>();
  const at = await badHub(t, (s) => {
    s.on("data", (f) => {
      if (f.evidenceReply?.last) answered.add(f.evidenceReply.id);
      if (!f.attach) return;
      s.write({ attached: { clock: [0n] } });
      for (let id = 1n; id <= 50n; id++) s.write({ evidenceRequest: { id, residualHash: new Uint8Array(0), slot: 0, seq: 1n, residual: false, peers: true, iteration: false } });
    });
    s.write({ challenge: { nonce: new Uint8Array(32) } });
  });
  const link = linkTo(at, {
    async *evidence() {
      most = Math.max(most, ++running);
      await new Promise((r) => setTimeout(r, 30));
      yield { messages: [message(0, 1)] };
      running--;
    },
  });
  await until(() => answered.size >= 8, "the answers");
  await new Promise((r) => setTimeout(r, 100));
  t.is(most, 2);
  t.true(answered.size < 20, `${answered.size} of 50 answered`);
  await link.close();
});

test("many streams that never attach keep nobody out, not even from their own address", async (t) => {
  const b = await bench([]);
  const remotes: Remote[] = [];
  for (let c = 0; c < 3; c++) {
    const r = await Remote.dial(`127.0.0.1:${b.port}`, { allowPrivate: true });
    remotes.push(r);
    for (let i = 0; i < 100; i++) r.duplex(BusService.methods.attach).on("error", () => {}).on("data", () => {});
  }
  await new Promise((r) => setTimeout(r, 200));
  const link = linkTo(`127.0.0.1:${b.port}`);
  await until(() => link.connected, "the honest one");
  t.pass();
  await link.close();
  for (const r of remotes) r.close();
  await b.close();
});

test("before it has attached a caller sends small frames only, and large ones afterwards", async (t) => {
  const b = await bench([]);
  const remote = await Remote.dial(`127.0.0.1:${b.port}`, { allowPrivate: true });
  const stream = remote.duplex(BusService.methods.attach);
  const failure = new Promise<Error>((resolve) => stream.on("error", resolve).on("data", () => {}));
  stream.write({ iteration: { ...message(0, 1), map: new Uint8Array(200_000) } });
  t.regex((await failure).message, /larger than max/i);
  remote.close();
  const link = linkTo(`127.0.0.1:${b.port}`, {
    async *outgoing() {
      yield { ...message(0, 1), map: new Uint8Array(200_000) };
    },
  });
  await until(() => b.got.length === 1, "a large message of an attached miner");
  t.true(link.pushResidual({ slot: 0, seq: 1n, residual: new Uint8Array(8) }));
  t.false(link.pushResidual({ slot: 0, seq: 1n, residual: new Uint8Array(64 << 20) }), "no frame holds it: it is asked for");
  await link.close();
  await b.close();
});
