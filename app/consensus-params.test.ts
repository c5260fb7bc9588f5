import test from "ava";
import type { Context } from "#kernel/context.js";
import { AUTHORITY } from "#kernel/authority.js";
import { ConsensusQuery, QueryParamsResponse } from "#proto/gen/cosmos/consensus/v1/query.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/consensus/v1/tx.js";
import { environment } from "#test/chain/environment.js";
import { Account, TestNode } from "#test/chain/node.js";
import { send, shaped } from "#test/chain/shaped-tx.js";
import { exportGenesis } from "./export.js";

const gov = environment.addresses.module(AUTHORITY);

/** A node on which every transfer is a decision of governance: what it hands over runs in the place of the transfer. */
async function governed(t: Parameters<typeof TestNode.start>[0]) {
  const account = await Account.of("a");
  const node = await TestNode.start(t, { balances: { [account.address]: 1_000_000n }, maxGas: 100_000_000n });
  const transfer = node.modules.messages.get("/cosmos.bank.v1beta1.MsgSend") as { run: (ctx: Context, m: unknown) => unknown };
  const ordinary = transfer.run;
  const decide = async (change: (m: MsgUpdateParams) => Partial<MsgUpdateParams>) => {
    const { block, evidence, validator } = node.modules.keepers.consensus.params(node.state);
    const m = MsgUpdateParams.create({ authority: gov, block, evidence, validator });
    transfer.run = (ctx) => node.modules.router.dispatch(ctx, gov, { typeUrl: MsgUpdateParams.typeUrl, value: MsgUpdateParams.encode({ ...m, ...change(m) }) });
    const result = await node.decided(node.propose([await node.tx(account, [send(account.address)])]));
    transfer.run = ordinary;
    return result;
  };
  return { node, account, decide, tx: (gas: bigint) => shaped(node, [account], { gas }) };
}

test("the engine is told in the block of the change, and the application's limits follow from the next height on", async (t) => {
  const { node, decide, tx } = await governed(t);
  t.is((await node.decided(node.propose([]))).consensusParamUpdates, undefined);
  const before = await tx(75_000_000n);
  t.is(node.check(before).code, 0);
  const { consensusParamUpdates: told, txResults } = await decide(({ block }) => ({ block: { maxBytes: block?.maxBytes ?? 0n, maxGas: 50_000_000n }, evidence: { maxAgeNumBlocks: 7n, maxAgeDuration: { seconds: 8n, nanos: 0 }, maxBytes: 9n } }));
  t.is(txResults[1]?.code, 0, "the block of the change itself is judged by the old limits");
  t.like(told, { block: { maxBytes: 4_194_304n, maxGas: 50_000_000n }, evidence: { maxAgeNumBlocks: 7n, maxAgeDuration: { seconds: 8n, nanos: 0 }, maxBytes: 9n }, validator: { pubKeyTypes: ["ed25519"] } });
  t.deepEqual([told?.abci, told?.version], [undefined, undefined], "the engine stops over the one, and has the other from the program");

  t.like(node.check(await tx(75_000_000n)), { code: 41, log: "tx gas limit 75000000 exceeds block max gas 50000000: invalid gas limit" });
  t.is(node.check(await tx(50_000_000n)).code, 0);
  const own = node.propose([await tx(75_000_000n)]);
  t.is(own.length, 1);
  t.false(node.accepts([...own, await tx(75_000_000n)]));
  t.is((await node.decided(own)).consensusParamUpdates, undefined);
  await node.restart();
  t.is(node.check(await tx(75_000_000n)).code, 41);
});

test("a change that changes nothing is not told, one that is refused changes nothing", async (t) => {
  const { node, decide } = await governed(t);
  t.is((await decide(() => ({}))).consensusParamUpdates, undefined);
  const { txResults, consensusParamUpdates } = await decide(() => ({ block: { maxBytes: 1_000n, maxGas: -1n } }));
  t.is(consensusParamUpdates, undefined);
  t.regex(txResults[1]?.log ?? "", /block\.max_bytes: got 1000, want at least \d+: twice the largest transaction 0 of 100 validators/);
  t.is(node.modules.keepers.consensus.params(node.state).block?.maxBytes, 4_194_304n);
});

test("the query answers the engine's own parameters, as of a height, and an export has those of its height", async (t) => {
  const { node, decide } = await governed(t);
  const { height } = node;
  await decide(() => ({ block: { maxBytes: -1n, maxGas: -1n }, evidence: { maxAgeNumBlocks: 7n, maxAgeDuration: { seconds: 8n, nanos: 5 }, maxBytes: 0n } }));
  const asked = (at: bigint) => QueryParamsResponse.decode(node.query(ConsensusQuery.methods.params.path, new Uint8Array(0), at).value).params;
  t.deepEqual([asked(height)?.block?.maxGas, asked(0n)?.block?.maxGas], [100_000_000n, -1n]);
  t.deepEqual(asked(0n)?.version, { app: 1n });
  const header = { chainId: node.chainId, height: node.height, timeMs: node.timeMs, timeNs: node.timeMs * 1_000_000n, proposer: new Uint8Array(20) };
  const { consensus_params: params, app_state: state } = exportGenesis({ ...node.state, block: header }, node.modules, { consensus_params: { version: { app: "1" }, block: { max_bytes: "5" } } });
  t.deepEqual(params, {
    version: { app: "1" },
    block: { max_bytes: "-1", max_gas: "-1" },
    evidence: { max_age_num_blocks: "7", max_age_duration: "8000000005", max_bytes: "0" },
    validator: { pub_key_types: ["ed25519"] },
    abci: { vote_extensions_enable_height: `${node.height + 1n}` },
  });
  t.false("consensus" in (state as object), "as in the SDK, it has no part of app_state");
});

test("app_state has no part for the engine's parameters", async (t) => {
  const node = await TestNode.make(t);
  t.is(t.throws(() => node.app.initChain(node.genesis({ ...node.appState(), consensus: { params: {} } })))?.message, "app_state.consensus: this module has no part of app_state");
  t.notThrows(() => node.app.initChain(node.genesis({ ...node.appState(), consensus: null })));
});
