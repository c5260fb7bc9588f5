import { connect } from "node:net";
import test, { type ExecutionContext } from "ava";
import { Validator } from "@seriousme/openapi-schema-validator";
import { silentLogger } from "#platform/log.js";
import { coin } from "#test/chain/chain.js";
import { Account, TestNode } from "#test/chain/node.js";
import { send } from "#test/chain/shaped-tx.js";
import { Chain } from "../../chain.js";
import { answering } from "../answering.js";
import { noEngine } from "../here.js";
import { type Method, type Methods } from "../methods.js";
import { openApi } from "./openapi.js";
import { Routes } from "./routes.js";
import { serveRest } from "./server.js";
import { nodeCrypto } from "#platform/crypto.js";

async function served(t: ExecutionContext, change: (m: Methods) => Methods = (m) => m) {
  const [rich, poor] = [await Account.of("rich"), await Account.of("poor")];
  const node = await TestNode.start(t, { balances: { [rich.address]: 10_000_000n } });
  await node.block([await node.tx(rich, [send(rich.address, poor.address, [coin(7n)])])]);
  const chain = new Chain(node.committed, node.modules, nodeCrypto);
  const { methods } = answering({ chain, engine: noEngine, simulate: node.app.simulate, invariants: false, keepVersions: 400, minGasPricePerMillion: 0n });
  const server = await serveRest(change(methods), { listen: "127.0.0.1:0", cors: ["*"], trustedProxies: [], log: silentLogger, before: () => {} });
  t.teardown(() => server.close());
  const ask = async (path: string, o: RequestInit = {}) => {
    const r = await fetch(`http://${server.address}${path}`, o);
    const text = await r.text();
    return { status: r.status, headers: r.headers, json: text.startsWith("{") ? (JSON.parse(text) as any) : text };
  };
  return { rich, poor, node, methods, server, ask };
}

test("queries as the gateway of a chain in Go has them: fields, pages, heights, refusals", async (t) => {
  const { poor, node, ask } = await served(t);
  const balances = await ask(`/cosmos/bank/v1beta1/balances/${poor.address}`);
  t.is(balances.status, 200);
  t.deepEqual(balances.json, { balances: [{ denom: "upouw", amount: "7" }], pagination: { next_key: null, total: "1" } });
  t.is(balances.headers.get("x-cosmos-block-height"), `${node.height}`);
  t.is(balances.headers.get("content-type"), "application/json; charset=utf-8");
  const before = await ask(`/cosmos/bank/v1beta1/balances/${poor.address}`, { headers: { "x-cosmos-block-height": `${node.height - 1n}` } });
  t.deepEqual(before.json.balances, []);

  const first = await ask("/cosmos/auth/v1beta1/accounts?pagination.limit=2&pagination.count_total=true");
  t.is(first.json.accounts.length, 2);
  t.true(first.json.accounts.every((a: any) => /^\/cosmos\.auth\.v1beta1\.(?:Base|Module)Account$/.test(a["@type"])));
  const total = Number(first.json.pagination.total);
  t.true(total > 4);
  const key = first.json.pagination.next_key as string;
  const second = await ask(`/cosmos/auth/v1beta1/accounts?pagination.limit=1000&pagination.key=${encodeURIComponent(key)}`);
  t.is(second.json.accounts.length, total - 2);
  const urlSafe = await ask(`/cosmos/auth/v1beta1/accounts?pagination.limit=1000&pagination.key=${key.replaceAll("+", "-").replaceAll("/", "_")}`);
  t.deepEqual(urlSafe.json, second.json);
  const backwards = await ask("/cosmos/auth/v1beta1/accounts?pagination.limit=1&pagination.reverse=true&pagination.offset=0");
  t.deepEqual(backwards.json.accounts[0], second.json.accounts.at(-1));

  const refused = async (path: string, status: number, code: number, message: RegExp | string, o?: RequestInit) => {
    const r = await ask(path, o);
    t.is(r.status, status, path);
    t.is(r.json.code, code, path);
    if (typeof message === "string") t.is(r.json.message, message);
    else t.regex(r.json.message, message);
    t.deepEqual(r.json.details, []);
  };
  await refused("/cosmos/bank/v1beta1/supply?pagination.limit=abc", 400, 3, 'strconv.ParseUint: parsing "abc": invalid syntax');
  await refused("/cosmos/bank/v1beta1/supply?pagination.limit=-1", 400, 3, 'strconv.ParseUint: parsing "-1": invalid syntax');
  await refused("/cosmos/bank/v1beta1/supply?pagination.limit=18446744073709551616", 400, 3, 'strconv.ParseUint: parsing "18446744073709551616": value out of range');
  await refused("/cosmos/bank/v1beta1/supply?pagination.count_total=maybe", 400, 3, 'strconv.ParseBool: parsing "maybe": invalid syntax');
  await refused("/cosmos/bank/v1beta1/supply?pagination.key=%25%25", 400, 3, "illegal base64 data at input byte 0");
  await refused("/cosmos/bank/v1beta1/supply?pagination=1", 400, 3, /not supported in query parameters/);
  await refused("/cosmos/bank/v1beta1/supply?pagination.limit.x=1", 400, 3, "unexpected nested field x in limit");
  await refused("/cosmos/gov/v1/proposals/x", 400, 3, 'type mismatch, parameter: proposal_id, error: strconv.ParseUint: parsing "x": invalid syntax');
  await refused("/cosmos/bank/v1beta1/supply?%zz", 400, 3, 'invalid URL escape "%zz"');
  await refused("/cosmos/auth/v1beta1/accounts/pouw1zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3qyc6w9", 400, 3, /bech32/);
  await refused(`/cosmos/gov/v1/proposals/99`, 404, 5, /proposal 99 doesn't exist/);
  await refused("/ibc/apps/transfer/v1/params", 501, 12, "Not Implemented");
  await refused("/cosmos/bank/v1beta1/supply", 501, 12, "Not Implemented", { method: "POST", body: "{}" });
  await refused("/cosmos/bank/v1beta1/supply", 400, 3, /height in the future/, { headers: { "x-cosmos-block-height": "99" } });
  await refused("/cosmos/bank/v1beta1/supply", 400, 3, /ParseInt: parsing "x"/, { headers: { "x-cosmos-block-height": "x" } });
  await refused("/cosmos/tx/v1beta1/simulate", 400, 3, "empty txBytes is not allowed", { method: "POST" });
  await refused("/cosmos/tx/v1beta1/simulate", 400, 3, /the body is no JSON/, { method: "POST", body: "{" });
  await refused("/cosmos/tx/v1beta1/simulate", 400, 3, /there is no such field/, { method: "POST", body: '{"nope": 1}' });
  await refused("/cosmos/tx/v1beta1/simulate", 400, 3, /tx parse error/, { method: "POST", body: '{"tx_bytes": "AAAA"}' });
  await refused("/cosmos/base/tendermint/v1beta1/syncing", 400, 3, /^no engine runs here/);
  // unknown parameters are passed over, as by the gateway
  t.is((await ask("/cosmos/bank/v1beta1/supply?what=ever&pagination.what=1")).status, 200);
  t.is((await ask("/cosmos/bank/v1beta1/supply/by_denom?denom=upouw")).json.amount.denom, "upouw");
});

test("a page of another origin may ask; the document is valid, complete, and shown without anything from elsewhere", async (t) => {
  const { ask, methods } = await served(t);
  const cors = await ask("/cosmos/bank/v1beta1/params", { method: "OPTIONS", headers: { origin: "https://wallet.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" } });
  t.is(cors.status, 204);
  t.is(cors.headers.get("access-control-allow-origin"), "*");
  t.regex(cors.headers.get("access-control-allow-headers") ?? "", /content-type/);
  const document = (await ask("/openapi.json")).json;
  const { valid, errors } = await new Validator().validate(document);
  t.true(valid, JSON.stringify(errors)?.slice(0, 500));
  const routes = new Routes(methods.values()).all;
  t.is(Object.values(document.paths as Record<string, object>).reduce((n, p) => n + Object.keys(p).length, 0), routes.length);
  t.deepEqual(document, openApi(routes));
  const page = await ask("/swagger/");
  t.is(page.status, 200);
  t.notRegex(page.json as string, /(?:src|href)="https?:/);
  t.is((await ask("/", { redirect: "manual" })).status, 302);
});

test("a caller has so many calls at one time, and an answer so much time; who sends slowly is left", async (t) => {
  let waiting = 0;
  let most = 0;
  const slow = (m: Method): Method => ({
    ...m,
    async answer() {
      most = Math.max(most, ++waiting);
      await new Promise((resolve) => setTimeout(resolve, 150));
      waiting--;
      return { value: new Uint8Array(0), height: 1n };
    },
  });
  const { ask, server } = await served(t, (methods) => new Map([...methods].map(([path, m]) => [path, path.endsWith("bank.v1beta1.Query/Params") ? slow(m) : m])));
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask("/cosmos/bank/v1beta1/params")));
  t.true(most <= 16, `${most} at one time`);
  const refused = answers.filter((a) => a.status === 429);
  t.true(refused.length > 0 && refused.length < 200);
  t.like(refused[0]?.json, { code: 8 });
  t.is(refused[0]?.headers.get("retry-after"), "1");
  t.true(answers.every((a) => a.status === 200 || a.status === 429));

  const [host = "", port = ""] = server.address.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.write("GET /cosmos/bank/v1beta1/params HTTP/1.1\r\nHost: x\r\n");
  const drip = setInterval(() => socket.write("X: y\r\n"), 500);
  const began = Date.now();
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(drip);
  t.true(Date.now() - began < 20_000, "a head that does not end is not waited for");
  const large = await ask("/cosmos/tx/v1beta1/simulate", { method: "POST", body: Buffer.alloc(5_000_000, 65) }).catch(() => ({ status: 0, json: {} }));
  t.true(large.status === 429 || large.status === 0);
});
