import test from "ava";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { makeEnvironment } from "#kernel/environment.js";
import { defineModule, type Migration } from "#kernel/module.js";
import { defineStore, u64Value } from "#kernel/store.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type BlockInfo } from "#kernel/context.js";
import { TestContext } from "#test/chain/context.js";
import { TestNode } from "#test/chain/node.js";
import { Branch, Heights } from "#test/chain/state.js";
import { type Assembly, type RunningModule } from "./assemble.js";
import { readVersions } from "./block/head.js";
import { viewOf } from "./tx/context.js";
import { migrate } from "./upgrade.js";

const NONE = new Uint8Array(0);
const BLOCK: BlockInfo = { chainId: "test-1", height: 2n, timeMs: 0n, timeNs: 0n, proposer: NONE, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: NONE, extensions: [] };
const PREFIX = Uint8Array.of(200);
const view = (node: TestNode) => viewOf(makeEnvironment(nodeCrypto, "pouw"), node.state);

/** The same program, but that one module's state has come to another version. */
const changed = (modules: Assembly, name: string, change: Partial<RunningModule>): Assembly => ({ ...modules, modules: modules.modules.map((m) => (m.name === name ? { ...m, ...change } : m)) });

/** Each step adds its number. */
const newer = (modules: Assembly, version: number): Assembly =>
  changed(modules, "matching", {
    version,
    migrations: Array.from({ length: version - 1 }, (_, i) => ({ from: i + 1, run: (ctx) => ctx.store("matching").set(PREFIX, Uint8Array.of(...(ctx.store("matching").get(PREFIX) ?? []), i + 2)) }) satisfies Migration),
  });

/** Ends the node and begins it with another program; answers what was migrated. */
async function withProgram(node: TestNode, modules: Assembly): Promise<readonly string[]> {
  const told: string[] = [];
  await node.restart(modules, { migrated: (steps) => told.push(...steps) });
  return told;
}

test("genesis writes every module's version, and the same program migrates nothing", async (t) => {
  const node = await TestNode.start(t);
  t.deepEqual([...readVersions(view(node))], node.modules.modules.map((m) => [m.name, m.version] as [string, number]).sort(([a], [b]) => (a < b ? -1 : 1)));
  t.deepEqual(await withProgram(node, node.modules), []);
  await node.block([]);
});

test("a newer program runs the steps between, once, and commits them with its first block", async (t) => {
  const node = await TestNode.start(t);
  t.deepEqual(await withProgram(node, newer(node.modules, 3)), ["matching 1 → 3"]);
  t.is(node.state.store("matching").get(PREFIX), undefined, "not committed yet");
  // A node that is killed before the block does it again.
  t.deepEqual(await withProgram(node, newer(node.modules, 3)), ["matching 1 → 3"]);
  await node.block([]);
  t.deepEqual(node.state.store("matching").get(PREFIX), Uint8Array.of(2, 3));
  await node.block([]);
  t.deepEqual(node.state.store("matching").get(PREFIX), Uint8Array.of(2, 3));

  t.deepEqual(await withProgram(node, newer(node.modules, 4)), ["matching 3 → 4"]);
  await node.block([]);
  t.deepEqual(node.state.store("matching").get(PREFIX), Uint8Array.of(2, 3, 4));
});

test("whatever reads the state meets it migrated: proposals, queries, the mempool, and FinalizeBlock called twice", async (t) => {
  const node = await TestNode.start(t);
  // The newest beacon value moves: transaction 0 cannot be made or judged without it.
  const from = Uint8Array.of(2);
  const { keepers } = node.modules;
  const value = node.state.store("beacon").get(from) as Uint8Array;
  const moved: Assembly = {
    ...changed(node.modules, "beacon", { version: 2, migrations: [{ from: 1, run: (ctx) => (ctx.store("beacon").set(PREFIX, value), undefined) }] }),
    keepers: Object.defineProperty(Object.create(keepers) as typeof keepers, "beacon", {
      value: {
        ...keepers.beacon,
        latest(v: Parameters<typeof keepers.beacon.latest>[0]) {
          if (!v.store("beacon").has(PREFIX)) throw new Error("the state was not migrated");
          return keepers.beacon.latest(v);
        },
      },
    }),
  };
  await withProgram(node, moved);
  const txs = node.propose([]);
  t.true(node.accepts(txs));
  t.is(node.query("/pouw.beacon.v1.Query/Beacon").code, 0);
  const request = abci.RequestFinalizeBlock.fromPartial({ height: node.height + 1n, time: { seconds: 1_700_000_100n, nanos: 0 }, txs, proposerAddress: (node.validators[0] as { address: Uint8Array }).address, decidedLastCommit: { round: 0, votes: node.lastVotes() } });
  const hashes = [1, 2].map(() => Buffer.from(node.app.finalizeBlock(request).appHash).toString("hex"));
  t.is(hashes[0], hashes[1]);
  await node.block([]);
  t.deepEqual(node.state.store("beacon").get(PREFIX), value);
});

test("a module that is new begins with its defaults", async (t) => {
  const node = await TestNode.start(t);
  const store = defineStore("fresh");
  const count = store.item(1, "blocks seen", u64Value);
  const fresh = defineModule({ name: "fresh", store, create: () => ({ keeper: {}, genesis: { init: (ctx) => count.set(ctx, 0n), export: () => ({}) }, endBlock: (ctx) => count.set(ctx, (count.get(ctx) as bigint) + 1n) }) });
  const faces = fresh.create({});
  const { modules } = node;
  const wider: Assembly = { ...modules, modules: [...modules.modules, { ...faces, name: "fresh", version: 1, migrations: [], store }], stores: [...modules.stores, "fresh"], endBlock: (ctx) => (modules.endBlock(ctx), faces.endBlock?.(ctx)) };
  t.deepEqual(await withProgram(node, wider), ["fresh is new, version 1"]);
  await node.block([]);
  await node.block([]);
  t.is(count.get(view(node)), 2n);
  t.is(readVersions(view(node)).get("fresh"), 1);
});

test("an older program, and one that finds a state without versions, stop at once", async (t) => {
  const node = await TestNode.start(t);
  const { modules } = node;
  await withProgram(node, newer(modules, 2));
  await node.block([]);
  await t.throwsAsync(withProgram(node, modules), { message: /the state of module matching has version 2, this program knows 1: use the program that wrote it/ });
  const none = new TestContext(makeEnvironment(nodeCrypto, "pouw"), BLOCK, new Branch(new Heights().latest()));
  t.throws(() => migrate(none, modules.modules), { message: /the state has no versions of its modules: use the program that wrote it/ });
});

test("a module's migrations lead from 1 to its version without a gap", (t) => {
  const create = () => ({ keeper: {} });
  t.throws(() => defineModule({ name: "m", version: 2, create }), { message: /want one from each version below/ });
  t.throws(() => defineModule({ name: "m", version: 3, migrations: [{ from: 1, run: () => {} }, { from: 3, run: () => {} }], create }), { message: /from 1, 3/ });
  t.notThrows(() => defineModule({ name: "m", version: 2, migrations: [{ from: 1, run: () => {} }], create }));
});

test("a state of before there was `consensus` goes on with the limits that its head has", async (t) => {
  const node = await TestNode.start(t, { maxGas: 700_000n });
  const { consensus } = node.modules.keepers;
  // The store as such a state has it, which is empty, and no version of the module.
  const before: Assembly = changed(node.modules, "consensus", { version: 1 });
  const forgotten = { ...before, endBlock: (ctx: Parameters<Assembly["endBlock"]>[0]) => (before.endBlock(ctx), ctx.store("consensus").delete(Uint8Array.of(1)), ctx.store("app").delete(Uint8Array.of(2, ...Buffer.from("consensus")))) };
  const kept = { ...forgotten, keepers: Object.defineProperty(Object.create(before.keepers) as typeof before.keepers, "consensus", { value: { ...consensus, params: (v: Parameters<typeof consensus.params>[0]) => (consensus.begun(v) ? consensus.params(v) : known) } }) };
  const known = consensus.params(view(node));
  await node.restart(kept);
  await node.block([]);
  t.false(consensus.begun(view(node)));
  t.deepEqual(await withProgram(node, node.modules), ["consensus is new, version 1"]);
  await node.block([]);
  t.like(consensus.params(view(node)), { block: { maxBytes: 4_194_304n, maxGas: 700_000n }, validator: { pubKeyTypes: ["ed25519"] } });
});
