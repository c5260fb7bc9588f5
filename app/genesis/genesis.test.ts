import test from "ava";
import { RequestInitChain } from "cosmjs-types/tendermint/abci/types";
import { toHex, utf8 } from "#kernel/bytes.js";
import type { QueryContext } from "#kernel/context.js";
import { BeaconQuery, QueryKeysResponse } from "#proto/gen/pouw/beacon/v1/query.js";
import { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { TestChain } from "#test/chain/chain.js";
import { beaconSignerOf, possessionProof, signerOf } from "#test/chain/keys.js";
import { Account, TestNode } from "#test/chain/node.js";
import { nodeCrypto } from "#platform/crypto.js";
import { exportGenesis } from "../export.js";
import { type HomeFacts } from "../init.js";
import { DEFAULT_TERMS } from "../validator.js";
import { addressesOf, unknownDenoms, withAccount } from "./accounts.js";
import { collectGenTxs, type GenTxFile, peersOf } from "./collect.js";
import { type GenesisDocument, newGenesis, partOf, withPart } from "./document.js";
import { makeGenTx } from "./gentx.js";
import { remarksOn } from "./remarks.js";
import { program, tried } from "./validate.js";

const CHAIN = "genesis-1";
const NAMES = ["one", "two", "three"];
const coin = (amount: number | string, denom = "upouw") => ({ denom, amount: `${amount}` });

const begun = (): GenesisDocument => newGenesis({ chainId: CHAIN, genesisTime: "2026-01-31T12:00:00Z", prefix: "pouw", denom: "upouw" });

function keysOf(name: string): HomeFacts {
  const beacon = beaconSignerOf(nodeCrypto, name);
  return { consensusKey: signerOf(nodeCrypto, name).key, nodeId: toHex(nodeCrypto.sha256(utf8(name))).slice(0, 40), beaconKey: beacon.key, beaconProof: possessionProof(nodeCrypto, beacon) };
}

interface Changed {
  readonly chainId?: string;
  readonly stake?: number;
  readonly denom?: string;
  readonly keys?: Partial<HomeFacts>;
  readonly rate?: string;
}

/** Its JSON, for tests to change. */
async function genTx(name: string, o: Changed = {}): Promise<any> {
  const { wallet } = await Account.of(name);
  const terms = { ...DEFAULT_TERMS, rate: o.rate ?? "0.1", stake: coin(o.stake ?? 5_000_000, o.denom), description: { moniker: name } };
  return makeGenTx({ chainId: o.chainId ?? CHAIN, addresses: addressesOf(begun()), keys: { ...keysOf(name), ...o.keys }, terms, reachedAt: "10.0.0.1:26656" }, wallet);
}

/** With an account for each name. */
async function funded(amount = 8_000_000): Promise<GenesisDocument> {
  let g = begun();
  for (const name of NAMES) g = withAccount(g, (await Account.of(name)).address, [coin(amount)]);
  return g;
}
const files = async (...changed: readonly (Changed | undefined)[]): Promise<GenTxFile[]> => Promise.all(NAMES.map(async (name, i) => ({ path: `${name}.json`, json: await genTx(name, changed[i]) })));

test("validators made by transactions sign the first block; their stake is their operators', their beacon keys are effective", async (t) => {
  const { genesis, transactions, first } = collectGenTxs(await funded(), await files());
  t.deepEqual(transactions.map((x) => x.moniker), NAMES);
  t.is(first.validators.length, 3);

  const node = await TestNode.make(t);
  const { validators } = node.app.initChain(RequestInitChain.fromPartial({ ...node.genesis(genesis.app_state as Record<string, unknown>), chainId: CHAIN, validators: [] }));
  t.deepEqual(validators.map((v) => v.power), [5n, 5n, 5n]);
  t.deepEqual(validators.map((v) => toHex(v.pubKey?.ed25519 ?? new Uint8Array(0))).sort(), NAMES.map((n) => toHex(keysOf(n).consensusKey)).sort());

  const { keepers } = node.modules;
  const { ctx } = first;
  for (const name of NAMES) {
    const { address } = await Account.of(name);
    t.is(keepers.bank.balance(ctx, address), 3_000_000n);
    t.like(keepers.auth.get(ctx, address), { sequence: 1n });
    t.like(keepers.staking.byOperator(ctx, address), { status: BondStatus.BOND_STATUS_BONDED, tokens: 5_000_000n });
    t.deepEqual(keepers.beacon.proposerKey(ctx, address, 1n), keysOf(name).beaconKey);
  }
  t.is(keepers.bank.supply(ctx), 24_000_000n);
  t.is(keepers.staking.bondedTokens(ctx), 15_000_000n);
  const keys = QueryKeysResponse.decode(node.modules.queries.get(BeaconQuery.methods.keys.path)?.run(ctx, new Uint8Array(0)) as Uint8Array).keys;
  t.true(keys.length === 3 && keys.every((k) => k.next === undefined && k.key.length === 48));
});

test("a transaction's JSON is the Cosmos SDK's, and what is read from it is what was signed", async (t) => {
  const json = JSON.parse(JSON.stringify(await genTx("one")));
  t.deepEqual(Object.keys(json), ["body", "auth_info", "signatures"]);
  t.like(json.body, { memo: `${keysOf("one").nodeId}@10.0.0.1:26656`, timeout_height: "0", extension_options: [] });
  t.deepEqual(json.body.messages.map((m: any) => m["@type"]), ["/cosmos.staking.v1beta1.MsgCreateValidator", "/pouw.beacon.v1.MsgRegisterBeaconKey"]);
  t.deepEqual(json.body.messages[0].commission, { rate: "0.100000000000000000", max_rate: "0.200000000000000000", max_change_rate: "0.010000000000000000" });
  t.deepEqual(json.body.messages[0].value, { denom: "upouw", amount: "5000000" });
  t.like(json.auth_info.signer_infos[0], { mode_info: { single: { mode: "SIGN_MODE_DIRECT" } }, sequence: "0" });
  t.like(json.auth_info.fee, { amount: [], gas_limit: "200000" });
  const g = await funded();
  t.notThrows(() => collectGenTxs(g, [{ path: "one.json", json }]));
});

test("a transaction that cannot be is refused by its file, in one line, with what to do", async (t) => {
  const g = await funded();
  const refusal = async (o: Changed, change: (tx: any) => void = () => {}): Promise<string> => {
    const [a, b, c] = (await files(undefined, o)) as [GenTxFile, GenTxFile, GenTxFile];
    change(b.json);
    return t.throws(() => collectGenTxs(g, [a, b, c]))?.message ?? "";
  };
  const again = /\. Make it anew: pouwd genesis gentx$/;
  const says = async (o: Changed, change: ((tx: any) => void) | undefined, ...parts: RegExp[]): Promise<void> => {
    const line = await refusal(o, change);
    for (const part of [/^two\.json[:,] /, ...parts]) t.regex(line, part);
    t.false(line.includes("\n"));
  };
  await says({ chainId: "other-1" }, undefined, /of "two": signature verification failed/, /has to be signed for the chain genesis-1, with account number 0 and sequence 0/, again);
  await says({}, (tx) => (tx.body.messages[0].value.amount = "7000000"), /signature verification failed/, again);
  await says({}, (tx) => (tx.auth_info.signer_infos[0].sequence = "1"), /account sequence mismatch, expected 0, got 1/, again);
  await says({ stake: 8_000_001 }, undefined, /failed to delegate; 8000000upouw is smaller than 8000001upouw: insufficient funds/, /pouwd genesis add-account$/);
  await says({ denom: "uatom" }, undefined, /invalid coin denomination: got uatom, expected upouw/, again);
  await says({ rate: "0.3" }, undefined, /commission cannot be more than the max rate/, again);
  await says({ keys: { consensusKey: keysOf("one").consensusKey } }, undefined, /validator already exist for this pubkey/, /Two validators cannot share it/);
  await says({ keys: { beaconKey: keysOf("one").beaconKey, beaconProof: keysOf("one").beaconProof } }, undefined, /beacon key belongs to another validator/, /Two validators cannot share it/);
  await says({ keys: { beaconProof: keysOf("one").beaconProof } }, undefined, /proof of possession does not verify/, again);
  await says({}, (tx) => tx.body.messages.pop(), /got cosmos\.staking\.v1beta1\.MsgCreateValidator, want cosmos\.staking\.v1beta1\.MsgCreateValidator and then pouw\.beacon\.v1\.MsgRegisterBeaconKey: a validator without a beacon key signs nothing/, again);
  await says({}, (tx) => (tx.body.messages[1].validator = "pouw1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnnhphmf"), /it is signed by pouw1\w+ and pouw1\w+, want the operator of both messages alone/);
  await says({}, (tx) => (tx.body.mem = "x"), /body\.mem: there is no such field; there are messages, memo/);
  await says({}, (tx) => (tx.body.messages[0]["@type"] = "/cosmos.gov.v9.MsgNothing"), /want \/cosmos/);
  t.regex(t.throws(() => collectGenTxs(g, []))?.message ?? "", /^there is no transaction to collect: pouwd genesis gentx makes one$/);
  const [one] = (await files()) as [GenTxFile];
  t.regex(t.throws(() => collectGenTxs(g, [one, { ...one, path: "copy.json" }]))?.message ?? "", /^copy\.json, of "one": /);
});

test("in a genesis a transaction is named by its index, and a part that is none by its field", async (t) => {
  const g = await funded();
  const refusal = (genutil: unknown, more: (x: GenesisDocument) => GenesisDocument = (x) => x) => t.throws(() => tried(more({ ...g, app_state: { ...g.app_state, genutil } })))?.message ?? "";
  t.regex(refusal({ gen_txs: [await genTx("one"), await genTx("two", { chainId: "other-1" })] }), /^app_state\.genutil\.gen_txs\[1\], of "two": signature verification failed/);
  t.is(refusal({ gentxs: [] }), "app_state.genutil.gentxs: there is no such field; there are gen_txs");
  t.is(refusal({ gen_txs: {} }), "app_state.genutil.gen_txs: want a list of transactions");
  t.regex(refusal({ gen_txs: [7] }), /^app_state\.genutil\.gen_txs\[0\]: .*want an object\. Make it anew/);
  t.regex(refusal(undefined), /^validators: nobody signs the first block, want .* pouwd genesis gentx and collect-gentxs$/);
  t.regex(refusal({ gen_txs: [await genTx("one", { stake: 999_999 }), await genTx("two", { stake: 50 })] }), /^validators: nobody signs the first block: the largest stake is 999999 base units, and 1000000 are needed to sign$/, "less than one unit of power");
  t.regex(refusal({ gen_txs: [] }, (x) => ({ ...x, chain_id: "" })), /^chain_id: got "", want 1 to 50 characters$/);
  t.regex(refusal({ gen_txs: [] }, (x) => ({ ...x, genesis_time: "today" })), /^genesis_time: got "today", want a time/);
  t.regex(refusal({ gen_txs: [await genTx("one")] }, (x) => ({ ...x, consensus_params: { ...x.consensus_params, abci: {} } })), /^consensus_params\.abci\.vote_extensions_enable_height: got 0, want the initial height 1/);
  t.regex(refusal({ gen_txs: [] }, ({ consensus_params: params, ...x }) => ({ ...x, consensus: { params } })), /^consensus: the engine reads consensus_params and validators at the top/);
});

test("the engine's own list has to agree with what the transactions make; an export takes none", async (t) => {
  const { genesis } = collectGenTxs(await funded(), await files());
  const named = (power: string) => ({ ...genesis, validators: NAMES.map((n) => ({ pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(keysOf(n).consensusKey).toString("base64") }, power })) });
  t.is(tried(named("5")).validators.length, 3);
  t.regex(t.throws(() => tried(named("6")))?.message ?? "", /^validators: those of CometBFT and of app_state\.staking .* are not the same/);

  const chain = new TestChain({ crypto: nodeCrypto, chainId: CHAIN, powers: [10n] });
  chain.block();
  const exported = exportGenesis(chain.at() as QueryContext, chain.app, begun());
  t.deepEqual(exported.app_state?.genutil, { gen_txs: [] });
  t.is(tried(exported).validators.length, 1);
  t.regex(t.throws(() => tried(withPart(exported, "genutil", { gen_txs: [{}] })))?.message ?? "", /^app_state\.genutil\.gen_txs: the state is an export/);
});

test("accounts are added with their coins, once, or more with append; totals that are named grow", async (t) => {
  const [a, b] = [(await Account.of("one")).address, (await Account.of("two")).address];
  let g = withAccount(begun(), a, [coin(5), coin(2, "uatom")]);
  t.regex(t.throws(() => withAccount(g, a, [coin(1)]))?.message ?? "", /^pouw1\w+ is in the genesis already, with 2uatom,5upouw: give --append to add to it$/);
  g = withAccount(g, a, [coin(1)], { append: true });
  g = withAccount(g, b, [coin(7)]);
  const { bank, auth } = g.app_state as Record<string, Record<string, readonly { readonly address?: string }[]>>;
  t.deepEqual(bank?.balances as unknown, [{ address: a, coins: [coin(2, "uatom"), coin(6)] }, { address: b, coins: [coin(7)] }]);
  t.deepEqual(auth?.accounts?.map((x) => x.address), [a, b]);
  const totalled = withAccount(withPart(g, "bank", { supply: [coin(2, "uatom"), coin(13)] }), (await Account.of("three")).address, [coin(9)]);
  t.deepEqual(partOf(totalled, "bank").supply, [coin(2, "uatom"), coin(22)]);
  t.is(t.throws(() => withAccount(g, b, [coin(1), coin(0, "uatom")], { append: true }))?.message, "got 0uatom, want at least 1 base unit");
  t.deepEqual(unknownDenoms(g, ["upouw", "uatom", "ufoo"]), ["ufoo"], "the chain's own, one that is owned, and a new one");
  t.regex(t.throws(() => withAccount(g, "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4", [coin(1)]))?.message ?? "", /prefix cosmos, want pouw/);
});

test("a price of gas above one base unit is remarked on, with what a transfer would cost", async (t) => {
  const g = withPart(await funded(), "genutil", { gen_txs: [await genTx("one")] });
  const remarks = (price: string) => {
    const p = program();
    return remarksOn(tried(withPart(g, "fees", { params: { min_gas_price: price } }), undefined, p), p);
  };
  t.deepEqual([remarks("0.001"), remarks("1")], [[], []]);
  t.deepEqual(remarks("2.5"), ["app_state.fees.params.min_gas_price is 2.5 base units for one unit of gas: a transfer would cost about 375000upouw"]);
});

test("the others' nodes are the persistent peers", async (t) => {
  const { transactions } = collectGenTxs(await funded(), await files());
  const id = (n: string) => keysOf(n).nodeId;
  t.is(peersOf(transactions, id("two")), [id("one"), id("three")].sort().map((x) => `${x}@10.0.0.1:26656`).join(","));
  t.is(peersOf([{ ...(transactions[0] as (typeof transactions)[0]), memo: "hello" }], ""), "");
});
