import "#platform/install.js";
import test from "ava";
import { type Message } from "#client/chain/types.js";
import { message } from "#client/chain/worker.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { coin, TestChain } from "./chain.js";
import { ClientChain } from "./client.js";

const chainOf = (timeMs?: bigint): ClientChain => new ClientChain(new TestChain({ crypto: nodeCrypto, funds: { a: 100n }, timeMs, keep: 3n }));
const pay = ({ test: c }: ClientChain, to: string, amount: bigint): Message => message(MsgSend, { fromAddress: c.address("a"), toAddress: c.address(to), amount: [coin(amount)] });

test("what was sent is in the next block, in the order of sending, each transaction whole or not at all", async (t) => {
  const chain = chainOf();
  const sender = chain.sender(chain.test.address("a"));
  const first = sender.send([pay(chain, "b", 60n)]);
  const second = sender.send([pay(chain, "c", 10n), pay(chain, "c", 31n)]);
  const third = sender.send([pay(chain, "d", 40n)]);
  await Promise.resolve();
  t.is(chain.test.balance("b"), 0n);
  chain.block();
  const results = await Promise.all([first, second, third]);
  t.deepEqual(["a", "b", "c", "d"].map((n) => chain.test.balance(n)), [0n, 60n, 0n, 40n]);
  t.like(results[0], { code: 0, codespace: "", height: 1n, responses: [{ typeUrl: "/cosmos.bank.v1beta1.MsgSendResponse" }] });
  t.deepEqual(results[0]?.events[0], { type: "message", attributes: [{ key: "action", value: "/cosmos.bank.v1beta1.MsgSend" }, { key: "sender", value: sender.address }, { key: "module", value: "bank" }, { key: "msg_index", value: "0" }] });
  t.like(results[1], { code: 5, codespace: "sdk", log: "failed to execute message; message index: 1: spendable balance 30upouw is smaller than 31upouw: insufficient funds", events: [], responses: [] });
  t.is(new Set(results.map((r) => r.hash)).size, 3);
  t.deepEqual(chain.sent(MsgSend).map(({ message: m, result }) => [m.amount[0]?.amount, result.code]), [["60", 0], ["10", 5], ["31", 5], ["40", 0]]);
  t.is(chain.refused.length, 1);
});

test("who may not sign a message is refused, who wants to look first may, and when the chain ends nothing waits", async (t) => {
  const chain = chainOf();
  const foreign = chain.sender(chain.test.address("b")).send([pay(chain, "b", 1n)]);
  const sender = chain.sender(chain.test.address("a"));
  await t.throwsAsync(sender.send([pay(chain, "b", 1n)], { beforeSigning: () => Promise.reject(new Error("not now")) }), { message: "not now" });
  chain.block();
  t.like(await foreign, { code: 4, codespace: "sdk" });
  t.is(chain.delivered.length, 1);
  const waiting = sender.send([pay(chain, "b", 1n)]);
  await Promise.resolve();
  chain.close();
  await t.throwsAsync(waiting, { message: "the chain has ended" });
  await t.throwsAsync(sender.send([pay(chain, "b", 1n)]), { message: "the chain has ended" });
});

test("queries are answered by the real modules at any kept height, and refused as a node refuses them", async (t) => {
  const chain = chainOf();
  for (let i = 0; i < 5; i++) chain.block();
  t.like(await chain.query(StakingQuery.methods.params, {}), { value: { params: { bondDenom: "upouw" } }, height: 5n });
  t.is((await chain.query(StakingQuery.methods.params, {}, 4n)).height, 4n);
  const task = (height?: bigint) => chain.query(TasksQuery.methods.task, { id: 9n }, height);
  await t.throwsAsync(task(), { name: "ChainError", message: /^rpc error: code = NotFound desc = task 9.*: key not found$/ });
  t.like(await t.throwsAsync(task()), { codespace: "sdk", code: 22 });
  t.like(await t.throwsAsync(task(6n)), { codespace: "sdk", code: 26 });
  t.like(await t.throwsAsync(task(1n)), { codespace: "sdk", code: 26, message: "height 1 is pruned: this node keeps the last blocks only: invalid height" });
  t.like(await t.throwsAsync(chain.query({ ...TasksQuery.methods.task, path: "/pouw.v1.Query/Task" }, {})), { codespace: "sdk", code: 6 });
});

test("blocks come each once, in order, from the newest on, until the signal", async (t) => {
  const chain = chainOf();
  chain.block();
  const stop = new AbortController();
  const seen: bigint[] = [];
  const over = (async () => {
    for await (const { height } of chain.blocks(stop.signal)) seen.push(height);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  chain.block();
  chain.block();
  await new Promise((resolve) => setImmediate(resolve));
  chain.block();
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await over;
  t.deepEqual(seen, [1n, 2n, 3n, 4n]);
  t.like(await chain.latest(), { height: 4n, timeMs: Number(chain.test.timeMs) });
});

test("a chain that is started anew has another genesis", async (t) => {
  t.deepEqual(await chainOf().genesisHash(), await chainOf().genesisHash());
  t.notDeepEqual(await chainOf().genesisHash(), await chainOf(1_800_000_000_000n).genesisHash());
});
