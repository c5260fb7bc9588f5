import test from "ava";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { makeEnvironment } from "#kernel/environment.js";
import { defineModule, type Migration } from "#kernel/module.js";
import { defineStore, u64Value } from "#kernel/store.js";
import type { MessageHandler } from "#kernel/services.js";
import { nodeCrypto } from "#platform/crypto.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import { MsgSoftwareUpgrade } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { type BlockInfo } from "#kernel/context.js";
import { TestContext } from "#test/chain/context.js";
import { TestNode } from "#test/chain/node.js";
import { Branch, Heights } from "#test/chain/state.js";
import { type Assembly, type RunningModule } from "./assemble.js";
import { Chain } from "./chain.js";
import { readVersions } from "./block/head.js";
import { viewOf } from "./tx/context.js";
import { turn } from "./upgrade.js";

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

/** Ends the node and begins it with another program at the next block, as if all operators had agreed on it; answers what was migrated. */
async function withProgram(node: TestNode, modules: Assembly, migrateAt = node.height + 1n): Promise<readonly string[]> {
  const told: string[] = [];
  await node.restart(modules, { migrated: (steps) => told.push(...steps), migrateAt });
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
  t.throws(() => turn(none, modules), { message: /the state has no versions of its modules: use the program that wrote it/ });
});

test("without a plan a newer program waits for the height that its operator names, and refuses where none is named", async (t) => {
  const node = await TestNode.start(t);
  const next = newer(node.modules, 2);
  await t.throwsAsync(node.restart(next), { name: "UpgradeFault", message: /matching has version 1, this program 2.*no upgrade is planned for it.*migrate_at/ });
  await t.throwsAsync(withProgram(node, next, node.height + 2n), { message: /migrate_at says block 3: use the program that wrote it until then/ });
  await t.throwsAsync(withProgram(node, next, node.height), { message: /no upgrade is planned for it/ });
  await withProgram(node, node.modules);
  await node.block([]);
  t.deepEqual(await withProgram(node, next), ["matching 1 → 2"]);
  await node.block([]);
  // The name of a height that is over does nothing more.
  t.deepEqual(await withProgram(node, next, 3n), []);
});

/** What a vote would have written. */
const plan = (modules: Assembly, name: string, height: bigint): Assembly => {
  const handler = modules.messages.get(MsgSoftwareUpgrade.typeUrl) as MessageHandler;
  return { ...modules, endBlock: (ctx) => (modules.endBlock(ctx), ctx.block.height === 2n ? void handler.run(ctx, MsgSoftwareUpgrade.create({ authority: ctx.addresses.module("gov"), plan: { name, height, info: "https://example.org/v2\nsha256:…", time: undefined, upgradedClientState: undefined } })) : undefined) };
};

test("a plan stops the program that does not know it before its block, and the one that does goes on there", async (t) => {
  const node = await TestNode.start(t);
  const old = plan(node.modules, "v2", 4n);
  const next: Assembly = { ...newer(old, 2), upgrades: [{ name: "v2", run: (ctx) => ctx.store("matching").set(Uint8Array.of(201), Uint8Array.of(1)) }] };
  const faults: string[] = [];
  await node.restart(old, { stopped: (f) => faults.push(f.message) });
  await node.block([]);
  t.like(UpgradeQuery.methods.currentPlan.response.decode(node.query("/cosmos.upgrade.v1beta1.Query/CurrentPlan").value).plan, { name: "v2", height: 4n, time: { seconds: -62_135_596_800n, nanos: 0 } });
  // Too early: nothing is written.
  await t.throwsAsync(node.restart(next), { name: "UpgradeFault", message: /^BINARY UPDATED BEFORE TRIGGER! UPGRADE "v2" - in binary but not executed on chain/ });
  await node.restart(old, { stopped: (f) => faults.push(f.message) });
  await node.block([]);
  await new Promise((resolve) => setImmediate(resolve));
  const needed = 'UPGRADE "v2" NEEDED at height: 4: https://example.org/v2 sha256:…';
  t.deepEqual(faults, [needed], "told as soon as the block before is committed");
  for (const step of [() => node.propose([]), () => node.accepts([]), () => node.app.finalizeBlock(abci.RequestFinalizeBlock.fromPartial({ height: 4n }))]) t.throws(step, { message: needed });
  await t.throwsAsync(node.restart(old), { message: needed }, "starting it again does not help");
  const chain = (modules: Assembly): Chain => new Chain(node.committed, modules, nodeCrypto);
  t.is(chain(old).openToRead().head?.height, 3n, "an export of what is there needs no other program");
  t.throws(() => chain(next).openToRead(), { message: /matching has version 1, this program 2/ });
  t.is(node.state.store("matching").get(PREFIX), undefined);

  const told: string[] = [];
  const migrated = (steps: readonly string[]): void => void told.push(...steps);
  await node.restart(next, { migrated });
  t.deepEqual(told, ['upgrade "v2" in block 4', "matching 1 → 2"]);
  t.is(node.state.store("matching").get(PREFIX), undefined, "not committed yet");
  await node.restart(next, { migrated });
  await node.block([]);
  t.is(node.height, 4n);
  t.deepEqual(node.state.store("matching").get(PREFIX), Uint8Array.of(2));
  t.deepEqual(node.state.store("matching").get(Uint8Array.of(201)), Uint8Array.of(1));
  const q = UpgradeQuery.methods;
  t.is(q.currentPlan.response.decode(node.query(q.currentPlan.path).value).plan, undefined);
  t.is(q.appliedPlan.response.decode(node.query(q.appliedPlan.path, q.appliedPlan.request.encode({ name: "v2" })).value).height, 4n);
  const versions = q.moduleVersions.response.decode(node.query(q.moduleVersions.path, q.moduleVersions.request.encode({ moduleName: "matching" })).value);
  t.deepEqual(versions.moduleVersions, [{ name: "matching", version: 2n }]);
  await node.restart(next, { migrated });
  await node.block([]);
  t.is(told.length, 4, "once, and once more for the restart before it was committed");
  await t.throwsAsync(node.restart({ ...next, upgrades: [] }), { message: /upgrade handler is missing for v2 upgrade plan, which this chain applied at 4/ });
});

test("a plan of the next block is run by the program that is running", async (t) => {
  const node = await TestNode.start(t);
  const both: Assembly = { ...plan(node.modules, "v2", 3n), upgrades: [{ name: "v2" }] };
  await node.restart(both);
  await node.block([]);
  await node.block([]);
  t.is(both.keepers.upgrade.doneAt(view(node), "v2"), 3n);
  t.is(both.keepers.upgrade.plan(view(node)), undefined);
  await node.block([]);
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
