import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { SimulateRequest } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { silentLogger } from "#platform/log.js";
import { QueryBalanceRequest, QueryBalanceResponse } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { send as sending } from "#test/chain/shaped-tx.js";
import { coin } from "#test/chain/chain.js";
import { Account, TestNode } from "#test/chain/node.js";
import { readAppConfig } from "../../config.js";
import { type QueryThread, startQueryThread } from "./host.js";

const send = (from: string, to: string, amount: bigint) => sending(from, to, [coin(amount)]);

/** A home that says no more than it must. */
function home(t: ExecutionContext, toml: string): string {
  const dir = mkdtempSync(join(tmpdir(), "pouwd-queries-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "config"));
  writeFileSync(join(dir, "config", "app.toml"), `abci = "unix://${join(dir, "abci.sock")}"\n${toml}`);
  writeFileSync(join(dir, "config", "config.toml"), '[rpc]\nladdr = "tcp://127.0.0.1:1"\n');
  return dir;
}

async function setUp(t: ExecutionContext, toml = "") {
  const [rich, poor] = [await Account.of("rich"), await Account.of("poor")];
  const path = home(t, toml);
  let thread: QueryThread | undefined;
  const node = await TestNode.make(t, { balances: { [rich.address]: 10_000_000n }, maxGas: 300_000_000n });
  await node.restart(node.modules, { checked: (changes) => thread?.checked(changes) });
  thread = startQueryThread(node.committed, { home: path, config: readAppConfig(path) }, silentLogger);
  t.teardown(() => thread?.close());
  node.app.initChain(node.genesis());
  await node.block([]);
  const ask = (path: string, data: Uint8Array = new Uint8Array(0), height = 0n) => (thread as QueryThread).query(abci.RequestQuery.fromPartial({ path, data, height }));
  const balance = async (address: string, height = 0n) => {
    const r = await ask("/cosmos.bank.v1beta1.Query/Balance", QueryBalanceRequest.encode(QueryBalanceRequest.create({ address, denom: "upouw" })), height);
    return r.code === 0 ? QueryBalanceResponse.decode(r.value).balance?.amount : r.log;
  };
  return { rich, poor, node, thread, ask, balance };
}

/** Threads of this process with the lowest priority. */
const nice = (): number => readdirSync("/proc/self/task").filter((tid) => readFileSync(`/proc/self/task/${tid}/stat`, "utf8").split(") ")[1]?.split(" ")[16] === "19").length;

test("the thread answers from each block that was committed, past ones too, and as the application itself does", async (t) => {
  const { rich, poor, node, ask, balance } = await setUp(t);
  t.is(await balance(poor.address), "0");
  for (let i = 1n; i <= 3n; i++) {
    await node.block([await node.tx(rich, [send(rich.address, poor.address, 100n)])]);
    t.is(await balance(poor.address), `${100n * i}`, "whoever asks after a commit has that commit");
  }
  t.is(await balance(poor.address, node.height - 1n), "200");
  for (const path of [...node.modules.queries.keys(), "/app/version", "/no.such/Thing", "/app/simulate"]) {
    for (const height of [0n, 2n, 99n, -1n]) t.deepEqual(abci.ResponseQuery.toJSON(await ask(path, new Uint8Array(0), height)), abci.ResponseQuery.toJSON(node.query(path, new Uint8Array(0), height)), `${path} ${height}`);
  }
  const walk = await ask("/app/invariants");
  t.like(walk, { code: 37, log: "/app/invariants walks all of the state: its operator switches it on, with `invariants = true` under [query] in app.toml: feature not supported" });
  t.regex((await ask("/cosmos.base.tendermint.v1beta1.Service/GetSyncing")).log, /code = Unavailable desc = the engine does not answer: it is not running, or has not begun \(ECONNREFUSED\)/);
  if (process.platform === "linux") t.true(nice() >= 1, "it gives way to the others");
});

test("a simulation sees what waits in the mempool, until the next block", async (t) => {
  const { rich, poor, node, ask } = await setUp(t);
  const first = await node.tx(rich, [send(rich.address, poor.address, 5n)]);
  const { sequence } = node.account(rich.address) as { sequence: bigint };
  const second = await node.tx(rich, [send(rich.address, poor.address, 6n)], { sequence: sequence + 1n });
  const simulate = (tx: Uint8Array) => ask("/cosmos.tx.v1beta1.Service/Simulate", SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes: tx })).finish());
  t.regex((await simulate(second)).log, /account sequence mismatch, expected 0, got 1/);
  t.is(node.app.checkTx(abci.RequestCheckTx.fromPartial({ tx: first })).code, 0);
  t.is((await simulate(second)).code, 0);
  await node.block([]);
  t.regex((await simulate(second)).log, /account sequence mismatch, expected 0, got 1/, "nothing waits behind a block until it was checked again");
  t.is(node.recheck(first).code, 0);
  t.is((await simulate(second)).code, 0);
});

test("twelve simulations of the largest transaction, and walks that would take long, hold no block up", async (t) => {
  const { rich, poor, node, ask } = await setUp(t, "[query]\nms = 50\n");
  await ask("/app/version");
  const many = Array.from({ length: 200 }, () => send(rich.address, poor.address, 1n));
  const large = await node.tx(rich, many);
  const simulations = Promise.all(Array.from({ length: 12 }, () => ask("/app/simulate", large)));
  // The thread that makes blocks is free at once: nothing of them is its work.
  const began = node.height;
  for (let i = 0; i < 5; i++) await node.block([]);
  let pending = true;
  void simulations.then(() => (pending = false));
  t.is(node.height, began + 5n);
  t.true(pending, "five blocks are made before twelve simulations are");
  for (const r of await simulations) t.is(r.code, 0, r.log);
});

test("a thread that ended is begun again, with all of the state", async (t) => {
  const { rich, poor, node, thread, ask, balance } = await setUp(t);
  await node.block([await node.tx(rich, [send(rich.address, poor.address, 7n)])]);
  t.is(await balance(poor.address), "7");
  const asked = ask("/cosmos.base.tendermint.v1beta1.Service/GetLatestBlock");
  thread.crash();
  const gone = await asked;
  t.true(gone.code === 6, `who waited is told: ${gone.log}`);
  t.regex((await ask("/app/version")).log, /queries are not answered at this moment; ask again/);
  await node.block([await node.tx(rich, [send(rich.address, poor.address, 1n)])]);
  const deadline = Date.now() + 60_000;
  while ((await balance(poor.address)) !== "8" && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(await balance(poor.address), "8");
  t.is(await balance(poor.address, node.height - 1n), "7");
});

test("an address that cannot be listened at is told in one line", async (t) => {
  const path = home(t, '[grpc]\nenable = true\naddress = "192.0.2.1:9090"\n');
  const node = await TestNode.start(t, {});
  const thread = startQueryThread(node.committed, { home: path, config: readAppConfig(path) }, silentLogger);
  t.teardown(() => thread.close());
  await t.throwsAsync(thread.ready, { message: /^grpc\.address: cannot listen on 192\.0\.2\.1:9090: .*EADDRNOTAVAIL/ });
});
