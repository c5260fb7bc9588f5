import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { Request, Response } from "cosmjs-types/tendermint/abci/types";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { type DeepPartial } from "cosmjs-types/helpers";
import { FrameReader, lengthPrefix } from "./framing.js";
import { type AbciApplication, type AbciOptions, abciReachable, serveAbci } from "./server.js";

type Req = DeepPartial<Request>;

/** An application that answers with empty messages; tests replace what they look at. */
const blank: AbciApplication = {
  info: () => abci.ResponseInfo.fromPartial({}),
  initChain: () => abci.ResponseInitChain.fromPartial({}),
  checkTx: (q) => abci.ResponseCheckTx.fromPartial({ data: q.tx }),
  prepareProposal: (q) => abci.ResponsePrepareProposal.fromPartial({ txs: q.txs }),
  processProposal: () => abci.ResponseProcessProposal.fromPartial({ status: 1 }),
  extendVote: (q) => abci.ResponseExtendVote.fromPartial({ voteExtension: q.hash }),
  verifyVoteExtension: () => abci.ResponseVerifyVoteExtension.fromPartial({ status: 1 }),
  finalizeBlock: (q) => abci.ResponseFinalizeBlock.fromPartial({ txResults: q.txs.map(() => ({})), appHash: q.hash }),
  commit: () => abci.ResponseCommit.fromPartial({}),
  query: (q) => abci.ResponseQuery.fromPartial({ value: q.data, height: q.height }),
  listSnapshots: () => abci.ResponseListSnapshots.fromPartial({}),
  offerSnapshot: () => abci.ResponseOfferSnapshot.fromPartial({}),
  loadSnapshotChunk: () => abci.ResponseLoadSnapshotChunk.fromPartial({}),
  applySnapshotChunk: () => abci.ResponseApplySnapshotChunk.fromPartial({}),
};

async function start(t: ExecutionContext, app: Partial<AbciApplication>, options: AbciOptions = {}) {
  const dir = await mkdtemp(join(tmpdir(), "abci-"));
  const path = join(dir, "s");
  const server = await serveAbci({ ...blank, ...app }, `unix://${path}`, options);
  t.teardown(async () => {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });
  return { server, path, dir };
}

class Peer {
  readonly received: Response[] = [];
  closed = false;
  #changed: () => void = () => {};
  constructor(readonly socket: Socket) {
    const reader = new FrameReader();
    socket.on("data", (piece) => {
      for (const m of reader.push(piece)) this.received.push(Response.decode(m));
      this.#changed();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#changed();
    });
  }
  static async to(path: string): Promise<Peer> {
    const socket = connect({ path });
    await new Promise<void>((resolve, reject) => socket.once("connect", () => resolve()).once("error", reject));
    return new Peer(socket);
  }
  send(...requests: Req[]): void {
    this.socket.write(Buffer.concat(requests.map(bytes)));
  }
  async until(done: (p: Peer) => boolean): Promise<void> {
    while (!done(this)) await new Promise<void>((resolve) => (this.#changed = resolve));
  }
  async answers(n: number): Promise<Response[]> {
    await this.until((p) => p.received.length >= n || p.closed);
    return this.received;
  }
}
const bytes = (q: Req): Buffer => {
  const m = Request.encode(Request.fromPartial(q as Request)).finish();
  return Buffer.concat([lengthPrefix(m.length), m]);
};
const which = (r: Response): string => Object.entries(r).find(([, v]) => v !== undefined)?.[0] ?? "none";

test("every request of ABCI 2.0 is answered by its own response, with its fields intact", async (t) => {
  const seen: Record<string, unknown> = {};
  const spy = Object.fromEntries(
    Object.entries(blank).map(([name, f]) => [name, (q: unknown) => {
      seen[name] = q;
      return (f as (q: unknown) => unknown)(q);
    }]),
  ) as unknown as AbciApplication;
  const { path } = await start(t, spy);
  const hash = Uint8Array.of(1, 2, 3);
  const time = { seconds: 1_700_000_000n, nanos: 123_456_789 };
  const vote = { validator: { address: hash, power: 2n ** 62n }, blockIdFlag: 2 };
  const sent: Record<string, Req> = {
    echo: { echo: { message: "héllo" } },
    flush: { flush: {} },
    info: { info: { version: "0.38.26", blockVersion: 11n, abciVersion: "2.0.0" } },
    initChain: { initChain: { chainId: "c", initialHeight: 7n, time, appStateBytes: hash, validators: [{ power: 5n, pubKey: { ed25519: hash } }] } },
    query: { query: { path: "/store/bank/key", data: hash, height: 9n, prove: true } },
    checkTx: { checkTx: { tx: hash, type: 1 } },
    prepareProposal: { prepareProposal: { maxTxBytes: 1000n, txs: [hash], height: 3n, localLastCommit: { round: 1, votes: [{ ...vote, voteExtension: hash, extensionSignature: hash }] } } },
    processProposal: { processProposal: { txs: [hash], height: 3n, proposedLastCommit: { round: 2, votes: [vote] } } },
    extendVote: { extendVote: { hash, height: 4n, time, txs: [hash] } },
    verifyVoteExtension: { verifyVoteExtension: { hash, validatorAddress: hash, height: 4n, voteExtension: hash } },
    finalizeBlock: { finalizeBlock: { txs: [hash, new Uint8Array(0)], decidedLastCommit: { round: 0, votes: [vote] }, misbehavior: [{ type: 1, height: 2n, totalVotingPower: 3n, time }], hash, height: 5n, time, proposerAddress: hash } },
    commit: { commit: {} },
    listSnapshots: { listSnapshots: {} },
    offerSnapshot: { offerSnapshot: { snapshot: { height: 5n, format: 1, chunks: 2, hash }, appHash: hash } },
    loadSnapshotChunk: { loadSnapshotChunk: { height: 5n, format: 1, chunk: 1 } },
    applySnapshotChunk: { applySnapshotChunk: { index: 1, chunk: hash, sender: "p" } },
  };
  const peer = await Peer.to(path);
  peer.send(...Object.values(sent));
  const got = await peer.answers(Object.keys(sent).length);
  t.deepEqual(got.map(which), Object.keys(sent));
  t.is(got[0]?.echo?.message, "héllo");
  for (const [name, q] of Object.entries(sent)) {
    if (name === "echo" || name === "flush") continue;
    t.deepEqual(seen[name], (Request.fromPartial(q as Request) as unknown as Record<string, unknown>)[name], name);
  }
  t.deepEqual(got[10]?.finalizeBlock?.appHash, hash);
  t.is(got[10]?.finalizeBlock?.txResults.length, 2);
  peer.socket.destroy();
});

test("answers keep the order of pipelined requests on each connection, however they are cut and however long each takes", async (t) => {
  const { path } = await start(t, {
    async query(q) {
      await sleep(Number(q.height % 3n));
      return abci.ResponseQuery.fromPartial({ height: q.height });
    },
    checkTx: (q) => abci.ResponseCheckTx.fromPartial({ data: q.tx }),
  });
  const send = async (requests: Req[], seed: number) => {
    const peer = await Peer.to(path);
    const stream = Buffer.concat(requests.map(bytes));
    for (let at = 0, step = seed; at < stream.length; at += step) {
      step = (step * 31 + 7) % 23 + 1;
      peer.socket.write(stream.subarray(at, at + step));
      if (step === 5) await sleep(1);
    }
    const got = await peer.answers(requests.length);
    peer.socket.destroy();
    return got;
  };
  const queries = Array.from({ length: 60 }, (_, i): Req => (i % 5 === 4 ? { flush: {} } : { query: { height: BigInt(i) } }));
  const txs = Array.from({ length: 600 }, (_, i): Req => ({ checkTx: { tx: Uint8Array.of(i >> 8, i & 255) } }));
  const [q, c] = await Promise.all([send(queries, 3), send(txs, 11)]);
  t.deepEqual(q.map((r) => (r.flush ? "flush" : r.query?.height)), queries.map((_, i) => (i % 5 === 4 ? "flush" : BigInt(i))));
  t.deepEqual(c.map((r) => [...(r.checkTx?.data ?? [])]), txs.map((_, i) => [i >> 8, i & 255]));
});

test("a throw in a consensus request is answered by an Exception, closes the connection and is reported; nothing is served after it", async (t) => {
  let commits = 0;
  const { server, path } = await start(t, {
    finalizeBlock() { throw new Error("beginBlock of work: no target"); },
    commit() {
      commits++;
      return abci.ResponseCommit.fromPartial({});
    },
  });
  const peer = await Peer.to(path);
  peer.send({ echo: { message: "a" } }, { finalizeBlock: {} }, { commit: {} });
  await peer.until((p) => p.closed);
  t.deepEqual(peer.received.map(which), ["echo", "exception"]);
  t.is(peer.received[1]?.exception?.error, "finalizeBlock: beginBlock of work: no target");
  t.is((await server.failed).message, "beginBlock of work: no target");
  t.is(commits, 0);
});

test("a rejected commit stops the node too, while a throw in CheckTx or Query is that request's own failure", async (t) => {
  const { server, path } = await start(t, {
    checkTx() { throw new Error("oops"); },
    query: () => Promise.reject(new Error("no such height")),
    commit: () => Promise.reject(new Error("disk is full")),
  });
  const mempool = await Peer.to(path);
  mempool.send({ checkTx: { tx: Uint8Array.of(1) } }, { flush: {} });
  const [r, f] = await mempool.answers(2);
  t.deepEqual([r?.checkTx?.code, r?.checkTx?.codespace, r?.checkTx?.log], [1, "undefined", "oops"]);
  t.truthy(f?.flush);
  const query = await Peer.to(path);
  query.send({ query: { path: "/x" } });
  t.is((await query.answers(1))[0]?.query?.log, "no such height");
  const consensus = await Peer.to(path);
  consensus.send({ commit: {} });
  await consensus.until((p) => p.closed);
  t.is(consensus.received[0]?.exception?.error, "commit: disk is full");
  t.is((await server.failed).message, "disk is full");
  mempool.socket.destroy();
  query.socket.destroy();
});

test("a flood of CheckTx delays a consensus request by no more than a handful of them", async (t) => {
  let checked = 0;
  let asked = 0;
  const delays: number[] = [];
  const { path } = await start(t, {
    checkTx() {
      checked++;
      const until = performance.now() + 0.2;
      while (performance.now() < until);
      return abci.ResponseCheckTx.fromPartial({});
    },
    processProposal() {
      delays.push(checked - asked);
      return abci.ResponseProcessProposal.fromPartial({ status: 1 });
    },
  });
  const flood = await Peer.to(path);
  const one = bytes({ checkTx: { tx: new Uint8Array(200) } });
  flood.socket.write(Buffer.concat(Array.from({ length: 4000 }, () => one)));
  await flood.answers(100);
  const consensus = await Peer.to(path);
  for (let i = 0; i < 20; i++) {
    asked = checked;
    consensus.send({ processProposal: { height: BigInt(i) } });
    await consensus.answers(i + 1);
  }
  t.is(delays.length, 20);
  t.true(checked < 4000, "the flood was over too early to show anything");
  t.true(Math.max(...delays) <= 12, `CheckTx calls before each consensus request: ${delays.join(" ")}`);
  flood.socket.destroy();
  consensus.socket.destroy();
});

test("the mempool waits while an asynchronous commit is at work, and goes on after it", async (t) => {
  const order: string[] = [];
  const { path } = await start(t, {
    checkTx() {
      order.push("checkTx");
      return abci.ResponseCheckTx.fromPartial({});
    },
    async commit() {
      order.push("commit");
      await sleep(60);
      order.push("committed");
      return abci.ResponseCommit.fromPartial({});
    },
  });
  const mempool = await Peer.to(path);
  mempool.send({ checkTx: {} });
  await mempool.answers(1);
  const consensus = await Peer.to(path);
  consensus.send({ commit: {} });
  await sleep(15);
  mempool.send({ checkTx: {} }, { checkTx: {} });
  await Promise.all([mempool.answers(3), consensus.answers(1)]);
  t.deepEqual(order, ["checkTx", "commit", "committed", "checkTx", "checkTx"]);
  mempool.socket.destroy();
  consensus.socket.destroy();
});

test("a peer that does not read its answers is not read from without end", async (t) => {
  let answered = 0;
  const { path } = await start(t, {
    query() {
      answered++;
      return abci.ResponseQuery.fromPartial({ value: new Uint8Array(100_000) });
    },
  });
  const peer = await Peer.to(path);
  peer.socket.pause();
  const total = 3000;
  peer.send(...Array.from({ length: total }, (): Req => ({ query: { data: new Uint8Array(1000) } })));
  await sleep(300);
  t.true(answered < 100, `${answered} answers of 100 kB were made for a peer that reads none`);
  peer.socket.resume();
  await peer.answers(total);
  t.is(answered, total);
  peer.socket.destroy();
});

test("what is not ABCI 2.0 or longer than the limit is refused by name, and other connections live on", async (t) => {
  const { path } = await start(t, {}, { maxMessageBytes: 1000 });
  const good = await Peer.to(path);
  const refused = async (raw: Uint8Array): Promise<string | undefined> => {
    const peer = await Peer.to(path);
    peer.socket.write(raw);
    await peer.until((p) => p.closed);
    return peer.received[0]?.exception?.error;
  };
  t.regex((await refused(lengthPrefix(1001))) ?? "", /ABCI message of 1001 bytes: the limit is 1000/);
  t.regex((await refused(Buffer.from("023a00", "hex"))) ?? "", /field 7 \(type 2\) is not of ABCI 2.0/);
  t.regex((await refused(Buffer.from("GET / HTTP/1.1\r\nHost: 127.0.0.1:26658\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"))) ?? "", /is not of ABCI 2.0/);
  good.send({ echo: { message: "here" } });
  t.is((await good.answers(1))[0]?.echo?.message, "here");
  good.socket.destroy();
});

test("addresses: a free TCP port, a dead socket file, a live one, a file that is none, and nonsense", async (t) => {
  const tcp = await serveAbci(blank, "tcp://127.0.0.1:0");
  t.regex(tcp.address, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  await t.throwsAsync(serveAbci(blank, tcp.address), { message: /is in use: stop that process or choose another port/ });
  t.true(await abciReachable(tcp.address));
  await tcp.close();
  t.false(await abciReachable(tcp.address));
  const { path, dir } = await start(t, {});
  await t.throwsAsync(serveAbci(blank, `unix://${path}`), { message: /is in use by a running node: stop it first/ });
  await writeFile(join(dir, "notes"), "mine");
  await t.throwsAsync(serveAbci(blank, `unix://${join(dir, "notes")}`), { message: /a file that is no socket is there/ });
  await t.throwsAsync(serveAbci(blank, "localhost:26658"), { message: /want unix:\/\/\/path or tcp:\/\/host:port/ });
  await t.throwsAsync(serveAbci(blank, `unix:///${"x".repeat(200)}`), { message: /a socket path has 1 to 103 bytes/ });
});
