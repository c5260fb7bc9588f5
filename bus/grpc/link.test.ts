/** A link over sockets to hubs of our own making, for what an honest one never sends. */
import "#platform/install.js";
import test, { type ExecutionContext } from "ava";
import { serveGrpc, service } from "#net/index.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type BusFrame, BusService } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { until } from "../compliance.js";
import type { LinkOptions } from "../types.js";
import { GrpcLink } from "./link.js";

const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const message: Iteration = { header: Uint8Array.of(0, 1), map: Uint8Array.of(0), signature: new Uint8Array(64) };

interface Stream {
  write(f: Partial<BusFrame>): void;
  on(e: "data", f: (frame: BusFrame) => void): void;
}
async function badHub(t: ExecutionContext, talk: (stream: Stream) => void): Promise<string> {
  const server = await serveGrpc({ listen: "127.0.0.1:0", services: [service(BusService, { attach: (stream) => talk(stream as never) }, { attach: { seats: true } })] });
  t.teardown(() => server.close());
  return `127.0.0.1:${server.port}`;
}
function linkTo(t: ExecutionContext, endpoint: string, more: Partial<LinkOptions> = {}): GrpcLink {
  const own = { taskId: 1n, role: Role.ROLE_MINER, index: 0, crypto: nodeCrypto, timers: systemTimers, sign: (m: Uint8Array) => key.sign(m), clock: () => [0n], iteration: async () => {} };
  const link = new GrpcLink({ endpoint, chainId: "test-1", supervisor: "pouw1hub", allowPrivate: true, ...own, ...more }, false);
  t.teardown(() => link.close());
  return link;
}

test("a hub that says attached twice is left: our log is sent once a session", async (t) => {
  let begun = 0;
  const at = await badHub(t, (s) => {
    s.on("data", (f) => f.attach && [1, 2, 3].forEach(() => s.write({ attached: { clock: [0n] } })));
    s.write({ challenge: { nonce: new Uint8Array(32) } });
  });
  let sessions = 0;
  linkTo(t, at, {
    attached: () => void sessions++,
    async *outgoing() {
      begun++;
      yield { slot: 0, seq: 1n, bytes: Iteration.encode(message) };
    },
  });
  await until(() => sessions >= 2, "a second session");
  t.is(begun, sessions);
});

test("a hub that challenges twice is left", async (t) => {
  let answers = 0;
  const why: string[] = [];
  const at = await badHub(t, (s) => {
    s.on("data", (f) => f.attach && answers++);
    for (let n = 0; n < 3; n++) s.write({ challenge: { nonce: new Uint8Array(32) } });
  });
  linkTo(t, at, { broken: (e) => why.push(e.message) });
  await until(() => why.length > 0, "the break");
  t.regex(why[0] as string, /second challenge/);
  t.true(answers <= 1);
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
      for (let id = 1n; id <= 50n; id++) s.write({ evidenceRequest: { id, residualHash: new Uint8Array(0), slot: 0, seq: 1n, residual: false, peers: true, iteration: false, anchored: [] } });
    });
    s.write({ challenge: { nonce: new Uint8Array(32) } });
  });
  linkTo(t, at, {
    async *evidence() {
      most = Math.max(most, ++running);
      await new Promise((r) => setTimeout(r, 30));
      yield { messages: [message] };
      running--;
    },
  });
  await until(() => answered.size >= 8, "the answers");
  await new Promise((r) => setTimeout(r, 100));
  t.is(most, 2);
  t.true(answered.size < 20, `${answered.size} of 50 answered`);
});
