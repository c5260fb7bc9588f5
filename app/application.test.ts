import test from "ava";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { nodeCrypto } from "#platform/crypto.js";
import { QueryTaskStateRequest, QueryTaskStateResponse, TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgCreateTask, MsgCreateTaskResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { makeEnvironment } from "#kernel/environment.js";
import { largestBlockData } from "#protocol/block-room.js";
import { coin } from "#test/chain/chain.js";
import { spec } from "#test/chain/course.js";
import { Account, TestNode } from "#test/chain/node.js";
import { unexpectedLog } from "./unexpected.js";

const { addresses } = makeEnvironment(nodeCrypto, "pouw");

const refusal = async (t: Parameters<typeof TestNode.make>[0], change: (n: TestNode, state: any) => void, params = {}, validators = 1): Promise<string> => {
  const node = await TestNode.make(t, { validators });
  const state = node.appState();
  change(node, state);
  return t.throws(() => node.app.initChain(node.genesis(state, params)))?.message ?? "accepted";
};

test("genesis: a block holds at least twice the largest transaction 0", async (t) => {
  const least = 2n * largestBlockData(2);
  t.regex(await refusal(t, () => {}, { maxBytes: least - 1n }, 2), new RegExp(`^consensus_params.block.max_bytes: got ${least - 1n}, want at least ${least}: twice the largest transaction 0 of 2 validators$`));
  const node = await TestNode.make(t, { validators: 2, params: { staking: { max_validators: 2 } } });
  t.notThrows(() => node.app.initChain(node.genesis(undefined, { maxBytes: least })));
  const unlimited = await TestNode.make(t);
  t.notThrows(() => unlimited.app.initChain(unlimited.genesis(undefined, { maxBytes: -1n })));
});

test("genesis: a block has room for as many validators as staking allows, and for their transaction 0 beside evidence", async (t) => {
  const least = 2n * largestBlockData(100);
  const message = await refusal(t, () => {}, { maxBytes: least - 1n }, 2);
  t.is(message, `consensus_params.block.max_bytes: got ${least - 1n}, want at least ${least}: twice the largest transaction 0 of 100 validators, as app_state.staking.params.max_validators allows; change the one or the other`);
  const node = await TestNode.make(t, { validators: 2 });
  t.notThrows(() => node.app.initChain(node.genesis(undefined, { maxBytes: least })));
  t.regex(await refusal(t, () => {}, { maxBytes: least, evidenceBytes: least / 2n }, 2), /^consensus_params\.evidence\.max_bytes: got \d+, want at most \d+: what a block of \d+ bytes has beside the largest transaction 0 of 100 validators/);
  t.regex(await refusal(t, () => {}, { keyTypes: ["ed25519", "secp256k1"] }), /^consensus_params\.validator\.pub_key_types: got \["ed25519","secp256k1"\], want \["ed25519"\]/);
});

test("genesis: vote extensions begin with the first block", async (t) => {
  for (const extensionsFrom of [0n, 2n]) t.regex(await refusal(t, () => {}, { extensionsFrom }), /vote_extensions_enable_height: got [02], want the initial height 1/);
});

test("genesis: every validator has a beacon key of its own", async (t) => {
  const keys = (s: any): Record<string, string>[] => s.beacon.keys;
  const change = (s: any, i: number, more: Record<string, string>) => Object.assign(keys(s)[i] as object, more);
  t.regex(await refusal(t, (_n, s) => change(s, 1, { key: keys(s)[0]?.key as string, proof: keys(s)[0]?.proof as string }), {}, 2), /^app_state\.beacon\.keys\[1\]\.key: pouw1\w+ has the same one/);
  t.regex(await refusal(t, (_n, s) => (s.beacon.keys = [])), /^app_state\.beacon\.keys: .*pouw1\w+/);
  t.regex(await refusal(t, (_n, s) => change(s, 0, { proof: keys(s)[1]?.proof as string }), {}, 2), /^app_state\.beacon\.keys\[0\]\.proof: does not prove/);
});

test("genesis: the validators of CometBFT and of the application are the same", async (t) => {
  t.regex(await refusal(t, (_n, s) => (s.staking.params = { ...s.staking.params, max_validators: 1 }), {}, 2), /are not the same keys and powers/);
});

test("genesis: money in a pool that nobody's stake explains breaks an invariant and is refused", async (t) => {
  const message = await refusal(t, (_n, s) => s.bank.balances.push({ address: addresses.module("workers"), coins: [{ denom: "upouw", amount: "1" }] }));
  t.is(message, 'app_state breaks "the pool holds stakes and unbonding amounts" of workers: the pool has 1, workers and unbondings have 0');
});

test("genesis: what is no state of a module is told with its place", async (t) => {
  t.regex(await refusal(t, (_n, s) => (s.prefix = 5)), /^app_state\.prefix: got 5, want 1 to 16 of/);
  t.regex(await refusal(t, (_n, s) => (s.supervision.params.slash_stall = -5)), /^app_state\.supervision\.params\.slash_stall: got -5, want a whole number from 0 to/);
  t.regex(await refusal(t, (_n, s) => (s.supervision.params.slash_stall = 1_000_001)), /^app_state\.supervision\.params\.slash_stall: got 1000001, want 0 to 1000000 parts per million/);
  t.regex(await refusal(t, (_n, s) => (s.bank.balances = 7)), /^app_state\.bank\.balances: got 7, want a list/);
  t.regex(await refusal(t, (_n, s) => (s.bnak = {})), /^app_state\.bnak: there is no such module; there are auth, authz, bank, beacon/);
  t.regex(await refusal(t, (_n, s) => (s.work.params.draw_dealy = "2")), /^app_state\.work\.params\.draw_dealy: there is no such field; there are draw_delay/);
  const node = await TestNode.make(t);
  t.is(t.throws(() => node.app.initChain({ ...node.genesis(), appStateBytes: new Uint8Array(0) }))?.message, "app_state: want a JSON object with the modules' states");
});

test("/app/invariants checks all of them at a height, on demand", async (t) => {
  const node = await TestNode.start(t);
  const told = JSON.parse(new TextDecoder().decode(node.query("/app/invariants").value));
  const all = node.modules.modules.flatMap((m) => Object.keys(m.invariants ?? {}));
  t.deepEqual(told, { height: "1", checked: all.length, broken: [] });
  t.true(all.length >= 10);
  await node.block([]);
  const workers = node.modules.modules.find((m) => m.name === "workers")?.invariants as Record<string, () => string | undefined>;
  workers["the pool holds stakes and unbonding amounts"] = () => "one is missing";
  workers["locked stake is at most the stake"] = () => {
    throw new Error("no such key");
  };
  t.deepEqual(JSON.parse(new TextDecoder().decode(node.query("/app/invariants").value)).broken, [
    { module: "workers", invariant: "the pool holds stakes and unbonding amounts", fault: "one is missing" },
    { module: "workers", invariant: "locked stake is at most the stake", fault: "the check itself failed: no such key" },
  ]);
});

test("a query at a past height has that block's time", async (t) => {
  const account = await Account.of("client");
  const node = await TestNode.start(t, { balances: { [account.address]: 10_000_000n } });
  const create = MsgCreateTask.create({ client: account.address, spec: spec(nodeCrypto), fee: coin(1_000_000n), bond: coin(200_000n) });
  const [made] = await node.block([await node.tx(account, [{ typeUrl: MsgCreateTask.typeUrl, value: MsgCreateTask.encode(create) }])]);
  t.is(made?.code, 0, made?.log);
  const at = node.timeMs;
  await node.block([]);
  await node.block([]);
  const state = (height: bigint) => QueryTaskStateResponse.decode(node.query(TasksQuery.methods.taskState.path, QueryTaskStateRequest.encode({ id: 1n }), height).value);
  t.deepEqual([state(2n).height, state(2n).timeMs], [2n, at]);
  t.deepEqual([state(0n).height, state(0n).timeMs], [4n, at + 2_000n]);
});

test("Simulate answers the messages' responses", async (t) => {
  const account = await Account.of("client");
  const node = await TestNode.start(t, { balances: { [account.address]: 10_000_000n } });
  const create = MsgCreateTask.create({ client: account.address, spec: spec(nodeCrypto), fee: coin(1_000_000n), bond: coin(200_000n) });
  const send = MsgSend.encode(MsgSend.fromPartial({ fromAddress: account.address, toAddress: account.address, amount: [coin(1n)] })).finish();
  const messages = [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: send }, { typeUrl: MsgCreateTask.typeUrl, value: MsgCreateTask.encode(create) }];
  const txBytes = await node.tx(account, messages);
  const { value, log } = node.query("/cosmos.tx.v1beta1.Service/Simulate", SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes })).finish());
  const { result, gasInfo } = SimulateResponse.decode(value);
  t.deepEqual(result?.msgResponses.map((r) => [r.typeUrl, [...r.value]]), [["/cosmos.bank.v1beta1.MsgSendResponse", []], [MsgCreateTaskResponse.typeUrl, [8, 1]]], log);
  t.true((gasInfo?.gasUsed ?? 0n) > 0n);
});

test("an error without a code: the result says no more than internal, the log says it once", async (t) => {
  const lines: [string, Record<string, unknown>][] = [];
  const account = await Account.of("client");
  const unexpected = unexpectedLog({ error: (text, fields) => void lines.push([text, { ...fields }]) });
  const node = await TestNode.start(t, { balances: { [account.address]: 1_000n }, unexpected });
  const handler = node.modules.messages.get("/cosmos.bank.v1beta1.MsgSend") as unknown as { run: () => never };
  handler.run = () => {
    throw new TypeError("secret detail");
  };
  const value = MsgSend.encode(MsgSend.fromPartial({ fromAddress: account.address, toAddress: account.address, amount: [coin(1n)] })).finish();
  for (let i = 0; i < 2; i++) {
    const [r] = await node.block([await node.tx(account, [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }])]);
    t.like(r, { code: 1, codespace: "undefined", log: "failed to execute message; message index: 0: internal error" });
  }
  t.is(lines.length, 1);
  t.like(lines[0]?.[1], { code: "internal", mode: "deliver", error: "secret detail" });
  const [refused] = await node.block([await node.tx(account, [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }], { sequence: 9n })]);
  t.is(refused?.code, 32);
  t.is(lines.length, 1, "what has a code is no surprise");
});

test("events of a block say whether they are of its begin or its end, those of a check are none, and what is no transaction says why to the mempool alone", async (t) => {
  const account = await Account.of("events");
  const node = await TestNode.start(t, { balances: { [account.address]: 1_000_000n } });
  const good = await node.tx(account, [{ typeUrl: MsgSend.typeUrl, value: MsgSend.encode({ fromAddress: account.address, toAddress: account.address, amount: [coin(1n)] }).finish() }]);
  t.like(node.check(good), { code: 0, events: [] });
  const unknown = await node.tx(account, [{ typeUrl: "/none.Msg", value: new Uint8Array(0) }]);
  t.like(node.check(unknown), { code: 2, log: "unable to resolve type URL /none.Msg: tx parse error: tx parse error" });
  const { events, txResults } = await node.decided(node.propose([good, unknown]));
  t.true(events.length > 0);
  t.deepEqual([...new Set(events.map((e) => e.attributes.at(-1)?.key))], ["mode"]);
  t.true(events.some((e) => e.type === "mint" && e.attributes.at(-1)?.value === "BeginBlock"));
  t.like(txResults[1], { code: 0 });
  t.false(txResults[1]?.events.some((e) => e.attributes.some((a) => a.key === "mode")));
  t.like(txResults[2], { code: 2, log: "tx parse error" });
});
