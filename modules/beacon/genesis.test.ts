import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { BeaconKey } from "#proto/gen/pouw/beacon/v1/types.js";
import { toJson } from "#proto/json.js";
import { TestContext } from "#test/chain/context.js";
import { beaconSignerOf, possessionProof } from "#test/chain/keys.js";
import { Branch, Heights } from "#test/chain/state.js";
import { beacon } from "./index.js";
import { keys, newest } from "./store.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const operators = ["a", "b", "c"].map((name) => environment.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20)));
const [A, B, C] = operators as [string, string, string];

const proven = (name: string) => {
  const signer = beaconSignerOf(nodeCrypto, name);
  return { key: signer.key, proof: possessionProof(nodeCrypto, signer) };
};
const keyA = proven("a");
const keyB = proven("b");
const nextB = proven("next");

const known = operators.slice(0, 2).map((operator) => ({ operator }));
const faces = beacon.create({
  staking: { bonded: () => known.map((v) => v.operator), byOperator: (_, address) => known.find((v) => v.operator === address) },
  work: { history: () => 19n },
});

const context = (height = 11n): Context =>
  new TestContext(
    environment,
    { chainId: "test-1", height, timeMs: 5n, timeNs: 5_000_000n, proposer: EMPTY, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: EMPTY, extensions: [] },
    new Branch(new Heights().latest()),
  );
const json = (key: Partial<BeaconKey>) => toJson(BeaconKey, BeaconKey.create(key));
const init = (state: unknown, ctx = context()): Context => (faces.genesis?.init(ctx, state), ctx);
const dump = (ctx: Context) => [...ctx.store("beacon").iterate()].map(([k, v]) => [toHex(k), toHex(v)]);
const both = [json({ validator: A, ...keyA }), json({ validator: B, ...keyB, next: { ...nextB, height: 12n } })];

test("an export begins a chain with the same state", (t) => {
  const ctx = init({ keys: both });
  faces.beginBlock?.(ctx);
  const exported = JSON.parse(JSON.stringify(faces.genesis?.export(ctx)));
  t.is(exported.values.length, 2);
  t.deepEqual(dump(init(exported, context(12n))), dump(ctx));
  for (const check of Object.values(faces.invariants ?? {})) t.is(check(ctx), undefined);
});

test("every validator has a beacon key of its own, with a proof that holds", (t) => {
  const refusal = (keys: unknown[]) => t.throws(() => init({ keys }))?.message ?? "";
  const [a, b] = both;
  t.is(refusal([a]), `app_state.beacon.keys: ${B} has none, and a validator without one has no power; want one of each`);
  t.is(refusal([a, a]), `app_state.beacon.keys[1].validator: ${A} stands there twice`);
  t.is(refusal([a, json({ ...keyB, validator: C })]), `app_state.beacon.keys[1].validator: got "${C}", want a validator's operator`);
  t.is(refusal([a, json({ validator: B })]), "app_state.beacon.keys[1].key: is missing; a validator without one has no power");
  t.is(refusal([a, json({ validator: B, key: keyB.key, proof: keyA.proof })]), "app_state.beacon.keys[1].proof: does not prove that key can sign");
  t.is(refusal([a, json({ validator: B, ...keyB, next: { key: nextB.key, proof: keyB.proof, height: 12n } })]), "app_state.beacon.keys[1].next.proof: does not prove that next.key can sign");
  t.is(refusal([a, json({ validator: B, ...keyA })]), `app_state.beacon.keys[1].key: ${A} has the same one; want a key for each`);
  t.is(refusal([a, json({ validator: B, ...keyB, next: { ...keyA, height: 12n } })]), `app_state.beacon.keys[1].next.key: ${A} has the same one; want a key for each`);
  t.notThrows(() => init({ keys: [b, a] }));
});

test("values that are none or out of order are refused", (t) => {
  const value = `0x${"11".repeat(32)}`;
  const refusal = (values: unknown[]) => t.throws(() => init({ keys: both, values }))?.message;
  t.is(refusal([{ height: "3", value: "0x11" }]), "app_state.beacon.values[0].value: got 1 bytes, want 32");
  t.is(refusal([{ height: "3", value }, { height: "3", value }]), "app_state.beacon.values[1].height: got 3 behind 3, want them ascending");
  t.is(refusal([{ height: "3", value }]), "app_state.beacon.values: the newest is of block 3, want 10; initial_height is one more than the height of the export");
});

test("invariants tell a newest height without its value, a stranger's key and a shared one", (t) => {
  const broken = (change: (ctx: Context) => void): (string | undefined)[] => {
    const ctx = init({ keys: both });
    change(ctx);
    return Object.values(faces.invariants ?? {}).map((check) => check(ctx)).filter((fault) => fault !== undefined);
  };
  t.deepEqual(broken((ctx) => newest.set(ctx, 12n)), ["highest kept height 10 is not the newest, 12"]);
  t.deepEqual(broken((ctx) => keys.set(ctx, { validator: C, current: proven("c") }, C)), [`there is a key of ${C}, who is no validator`]);
  t.regex(broken((ctx) => keys.set(ctx, { validator: A, current: keyB }, A))[0] ?? "", / have the same key$/);
});
