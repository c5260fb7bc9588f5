import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { consensusAddress } from "#kernel/address.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import { makeEnvironment } from "#kernel/environment.js";
import { base64 } from "#proto/json.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { validators } from "./index.js";
import { operators, told } from "./store.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const names = ["a", "b", "c"];
const address = (name: string): string => environment.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));
const consensusKey = (i: number): Uint8Array => new Uint8Array(32).fill(i + 1);
const of = (i: number, change = {}) => ({ operator: address(names[i] as string), consensus_key: base64(consensusKey(i)), power: `${10 * (i + 1)}`, moniker: names[i], ...change });

const make = (withoutKey = new Set<string>()) => validators.create({ beacon: { has: (_, operator) => !withoutKey.has(operator) } });
const context = (): TestContext =>
  new TestContext(
    environment,
    { chainId: "test-1", height: 1n, timeMs: 5n, timeNs: 5_000_000n, proposer: EMPTY, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: EMPTY, extensions: [] },
    new Branch(new Heights().latest()),
  );
const begun = (faces = make(), state: unknown = { validators: [of(0), of(1), of(2)] }): TestContext => {
  const ctx = context();
  faces.genesis?.init(ctx, state);
  return ctx;
};
const dump = (ctx: TestContext) => [...ctx.store("validators").iterate()].map(([k, v]) => [toHex(k), toHex(v)]);

test("genesis refuses by path what is no validator set", (t) => {
  const refusal = (list: unknown[], params?: object) => t.throws(() => begun(make(), { validators: list, ...(params ? { params } : {}) }))?.message ?? "";
  t.is(refusal([]), "app_state.validators: there are none, want at least one");
  t.is(refusal([of(0)], { bond_denom: "U" }), 'app_state.validators.params.bond_denom: got "U", want 3 to 32 of a–z and 0–9');
  t.regex(refusal([of(0), of(1, { operator: "nobody" })]), /^app_state\.validators\.validators\[1\]\.operator: "nobody" is not a bech32 address/);
  t.is(refusal([of(0, { consensus_key: "AAAA" })]), "app_state.validators.validators[0].consensus_key: got 3 bytes, want 32");
  t.is(refusal([of(0, { power: "0" })]), `app_state.validators.validators[0].power: got 0, want 1 to ${1n << 50n}`);
  t.is(refusal([of(0, { power: `${(1n << 50n) + 1n}` })]), `app_state.validators.validators[0].power: got ${(1n << 50n) + 1n}, want 1 to ${1n << 50n}`);
  t.is(refusal([of(0), of(1, { operator: address("a") })]), "app_state.validators.validators[1]: operator or consensus key stands there twice");
  t.is(refusal([of(0), of(1, { consensus_key: base64(consensusKey(0)) })]), "app_state.validators.validators[1]: operator or consensus key stands there twice");
});

test("an export begins a chain with the same state, and the denomination has a default", (t) => {
  const faces = make();
  const ctx = begun(faces);
  t.is(faces.keeper.params(ctx).bondDenom, "upouw");
  const other = begun(make(), JSON.parse(JSON.stringify(faces.genesis?.export(ctx))));
  t.deepEqual(dump(other), dump(ctx));
});

test("validators are found by operator and by consensus address", (t) => {
  const { keeper } = make();
  const ctx = begun();
  const v = keeper.byConsensusAddress(ctx, consensusAddress(nodeCrypto, consensusKey(1)));
  t.deepEqual(v, keeper.byOperator(ctx, address("b")));
  t.is(v?.moniker, "b");
  t.is(keeper.byConsensusAddress(ctx, new Uint8Array(20)), undefined);
  t.is(keeper.byConsensusAddress(ctx, EMPTY), undefined);
  t.is(keeper.byOperator(ctx, address("d")), undefined);
});

test("a power counts while the beacon has a key, and CometBFT is told of each change once", (t) => {
  const without = new Set<string>();
  const faces = make(without);
  const ctx = begun(faces);
  t.deepEqual(faces.validatorUpdates?.(ctx), [], "CometBFT begins with the same powers");
  t.is(faces.keeper.totalPower(ctx), 60n);
  without.add(address("a"));
  t.is(faces.keeper.totalPower(ctx), 50n);
  t.deepEqual(faces.keeper.at(ctx, 1n).map((m) => [m.operator, m.power]).sort(), [[address("b"), 20n], [address("c"), 30n]].sort());
  t.deepEqual(faces.validatorUpdates?.(ctx), [{ key: consensusKey(0), power: 0n }]);
  t.deepEqual(ctx.events.map((e) => e.attributes.map((x) => x.value)), [[address("a"), toHex(consensusKey(0)), "0"]]);
  t.deepEqual(faces.validatorUpdates?.(ctx), []);
  without.clear();
  t.deepEqual(faces.validatorUpdates?.(ctx), [{ key: consensusKey(0), power: 10n }]);
  for (const m of faces.keeper.at(ctx, 1n)) t.deepEqual(m.consensusAddress, consensusAddress(nodeCrypto, m.consensusKey));
});

test("invariants tell an index without its validator, and a key of nobody", (t) => {
  const { invariants = {} } = make();
  const broken = (change: (ctx: TestContext) => void): (string | undefined)[] => {
    const ctx = begun();
    change(ctx);
    return Object.values(invariants).map((check) => check(ctx)).filter((fault) => fault !== undefined);
  };
  t.deepEqual(broken(() => {}), []);
  const stray = new Uint8Array(20).fill(9);
  t.deepEqual(broken((ctx) => operators.set(ctx, address("d"), stray)), [`consensus address ${toHex(stray)} leads to ${address("d")}, who is no validator`]);
  t.deepEqual(broken((ctx) => operators.set(ctx, address("a"), stray)), [`consensus address ${toHex(stray)} leads to ${address("a")}, whose key has another`]);
  t.deepEqual(broken((ctx) => operators.delete(ctx, consensusAddress(nodeCrypto, consensusKey(0)))), [`the consensus address of ${address("a")} leads to nobody`]);
  t.deepEqual(broken((ctx) => told.set(ctx, 1n, consensusKey(7))), [`CometBFT was told of the key ${toHex(consensusKey(7))}, which is no validator's`]);
  t.deepEqual(broken((ctx) => told.delete(ctx, consensusKey(0))), [`CometBFT was not told of the key ${toHex(consensusKey(0))}`]);
});
