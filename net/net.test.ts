import "#platform/install.js";
import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { connect } from "node:http2";
import test from "ava";
import { Client, credentials } from "@grpc/grpc-js";
import { service as health } from "grpc-health-check";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BlobService, LogService } from "#proto/gen/pouw/v1/services.js";
import { BlobClient, BlobStore, blobService, cidDigest, EndpointError, isPrivateAddress, LogClient, notFound, parseEndpoint, Remote, resolveEndpoint, serveGrpc, service } from "./index.js";

const cidOf = (bytes: Uint8Array): string => {
  const raw = Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), createHash("sha256").update(bytes).digest()]);
  let bits = "";
  for (const b of raw) bits += b.toString(2).padStart(8, "0");
  let s = "b";
  for (let i = 0; i < bits.length; i += 5) s += "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(bits.slice(i, i + 5).padEnd(5, "0"), 2)];
  return s;
};
const message = (slot: number, seq: number): Iteration => ({ header: Uint8Array.of(slot, seq), map: Uint8Array.of(0), signature: new Uint8Array(64) });
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
          async *descend() {},
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

test("reflection: both versions list what is served, explain any type, and stop asking for a reader that does not read", async (t) => {
  const server = await serveGrpc({ listen: "127.0.0.1:0", services: [blobService({ store: new BlobStore(mkdtempSync(join(tmpdir(), "blob-"))), allowed: async () => 1 })] });
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const identity = (b: Buffer) => b;
  const open = (version: string) => client.makeBidiStreamRequest(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, identity, identity);
  // field 7 list_services, field 4 file_containing_symbol
  const list = Buffer.from([0x3a, 0x00]);
  const symbol = (name: string) => Buffer.concat([Buffer.from([0x22, name.length]), Buffer.from(name)]);
  try {
    for (const version of ["v1", "v1alpha"]) {
      const call = open(version);
      const answers: string[] = [];
      call.on("data", (d: Buffer) => answers.push(d.toString("latin1")));
      call.write(list);
      call.write(symbol("cosmos.bank.v1beta1.MsgSend"));
      call.write(symbol("no.such.Thing"));
      call.end();
      await new Promise((resolve, reject) => call.on("end", resolve).on("error", reject));
      t.is(answers.length, 3);
      t.regex(answers[0] as string, /pouw\.v1\.Blob/);
      t.notRegex(answers[0] as string, /cosmos\.bank/, "only what is served is listed");
      t.regex(answers[1] as string, /MsgMultiSend/);
      t.regex(answers[2] as string, /not found/i);
    }
    // A caller that reads nothing: what it has not read is not written, and it is left after a while. Its window takes 64 KiB.
    const session = connect(`http://127.0.0.1:${server.port}`, { settings: { initialWindowSize: 65_535 } });
    const greedy = session.request({ ":method": "POST", ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "content-type": "application/grpc", te: "trailers" });
    greedy.on("error", () => {});
    greedy.pause();
    const before = process.memoryUsage();
    const question = symbol("pouw.tasks.v1.MsgCreateTask");
    for (let i = 0; i < 4_000; i++) greedy.write(Buffer.concat([Buffer.from([0, 0, 0, 0, question.length]), question]));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const after = process.memoryUsage();
    const more = after.external - before.external;
    t.true(more < 64 * 2 ** 20, `${more >> 20} MiB more: four thousand answers would be a hundred`);
    session.on("error", () => {});
    session.destroy();
    const many = open("v1");
    const status = new Promise<{ code: number; details: string }>((resolve) => many.on("error", (e: { code: number; details: string }) => resolve(e)));
    many.on("data", () => {});
    for (let i = 0; i < 4_200; i++) many.write(list);
    t.like(await status, { code: 8, details: "more than 4096 questions on one stream: open another one" });
  } finally {
    client.close();
    await server.close();
  }
});
