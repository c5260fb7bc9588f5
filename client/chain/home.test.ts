import "#platform/install.js";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { claimHome, WrongHomeError } from "./home.js";
import { RpcChain } from "./rpc.js";
import { type Chain } from "./types.js";

const chain = (chainId: string, genesis: number) => ({ chainId, genesisHash: async () => new Uint8Array(32).fill(genesis) }) as unknown as Chain;

test("a home is for the chain that first used it, and says so to others", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  await claimHome(home, chain("c-1", 1));
  await claimHome(home, chain("c-1", 1));
  t.regex(readFileSync(join(home, "chain.txt"), "utf8"), /^c-1 (01){32}\n$/);
  for (const other of [chain("c-2", 1), chain("c-1", 2)]) {
    await t.throwsAsync(claimHome(home, other), { instanceOf: WrongHomeError, message: /holds the work for chain c-1 with genesis 010101010101….*give another --home/ });
  }
});

/** RpcChain over answers of our own. */
const rpcOver = (parts: object): RpcChain => Object.assign(Object.create(RpcChain.prototype) as RpcChain, { lossMs: 0 }, parts);

test("the genesis hash is of what the node serves as genesis", async (t) => {
  const serving = (text: string) => rpcOver({ http: { execute: async (r: { method: string; params: unknown }) => (t.deepEqual([r.method, r.params], ["genesis_chunked", { chunk: "0" }]), { result: { chunk: "0", total: "1", data: Buffer.from(text).toString("base64") } }) } });
  const one = await serving("{}").genesisHash();
  t.is(one.length, 32);
  t.deepEqual(await serving("{}").genesisHash(), one);
  t.notDeepEqual(await serving("{ }").genesisHash(), one);
});

test("a transaction is found in blocks by its bytes, with its result", async (t) => {
  const tx = Uint8Array.of(1, 2, 3);
  const blocks: Record<number, Uint8Array[]> = { 4: [], 5: [Uint8Array.of(0), tx] };
  const results = [{ code: 1, events: [], gasUsed: 0n }, { code: 7, codespace: "x", log: "why", events: [], gasUsed: 5n }];
  const rpc = rpcOver({ client: { block: async (at: number) => ({ block: { txs: blocks[at] } }), blockResults: async () => ({ results }) } });
  const found = await rpc.searchBlocks(new Uint8Array(createHash("sha256").update(tx).digest()), 4n, 5n);
  t.deepEqual([found?.height, found?.code, found?.log], [5n, 7, "why"]);
  t.is(await rpc.searchBlocks(new Uint8Array(32), 4n, 5n), undefined);
});
