import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { coin } from "#test/chain/chain.js";
import { spec } from "#test/chain/course.js";
import { Account, TestNode } from "#test/chain/node.js";
import { topologyGas } from "./gas.js";

test("a topology's gas is by its layers and edges, whatever else is wrong with it", (t) => {
  t.is(topologyGas('{"a":[]}'), 8n + 6_000n + 1_500n);
  t.true(topologyGas("[".repeat(21_000)) > 30_000_000n, "more than one transaction may have of a block of 300 million");
  t.true(topologyGas(spec(nodeCrypto).topology) < 60_000n);
});

test("gas is asked before the work: who has too little does not get it done", async (t) => {
  const a = await Account.of("a");
  const node = await TestNode.start(t, { balances: { [a.address]: 10_000_000n } });
  const run = async (typeUrl: string, value: Uint8Array, gas: number) => (await node.block([await node.tx(a, [{ typeUrl, value }], { gas })]))[0];
  const deep = MsgCreateTask.encode(MsgCreateTask.create({ client: a.address, spec: spec(nodeCrypto, { topology: "[".repeat(20_000) }), fee: coin(1_000_000n), bond: coin(200_000n) }));
  t.regex((await run(MsgCreateTask.typeUrl, deep, 20_000_000))?.log ?? "", /out of gas in location: topology; gasWanted: 20000000/);
  t.like(await run(MsgRegisterBeaconKey.typeUrl, MsgRegisterBeaconKey.encode(MsgRegisterBeaconKey.create({ validator: a.address, key: new Uint8Array(48), proof: new Uint8Array(96) })), 300_000), { codespace: "beacon" }, "who is no validator is refused before");
});
