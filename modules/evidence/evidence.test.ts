import test from "ava";
import type { Misbehaviour } from "#kernel/context.js";
import { toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Equivocation } from "#proto/gen/cosmos/evidence/v1beta1/evidence.js";
import { EvidenceQuery } from "#proto/gen/cosmos/evidence/v1beta1/query.js";
import { MsgSubmitEvidence } from "#proto/gen/cosmos/evidence/v1beta1/tx.js";
import { aminoJson } from "#proto/amino.js";
import type { Codec } from "#proto/wire.js";
import { attributesOf, refusal, TestChain } from "#test/chain/chain.js";

const q = EvidenceQuery.methods;
const SECOND = 1_000_000_000n;
const chain = (): TestChain => new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], params: { staking: { unbonding_time: "100s" } } });
const address = (c: TestChain, i: number): Uint8Array => c.validators[i]?.address as Uint8Array;
const valcons = (c: TestChain, i: number): string => c.environment.addresses.consensus.format(address(c, i));
const of = (c: TestChain, i: number) => c.k.staking.byOperator(c.ctx, c.validators[i]?.operator as string);
/** What the engine found of a validator, at the newest block. */
const proof = (c: TestChain, i: number, change: Partial<Misbehaviour> = {}): Misbehaviour => ({ kind: "duplicate-vote", validator: address(c, i), power: 10n, totalPower: 30n, height: c.height, timeNs: c.timeMs * 1_000_000n, ...change });
const found = (c: TestChain, ...misbehaviour: Misbehaviour[]) => c.block(() => {}, {}, { misbehaviour });
/** By consensus parameters that forget soon. */
const young = (c: TestChain, blocks: bigint, seconds: bigint): void => c.k.consensus.begin(c.ctx, { ...c.k.consensus.params(c.ctx), evidence: { maxAgeNumBlocks: blocks, maxAgeDuration: { seconds, nanos: 0 }, maxBytes: 1n } });

test("a proof is judged once, stored by its hash, and answered", (t) => {
  const c = chain();
  c.blocks(3);
  const first = proof(c, 0);
  const events = found(c, first, first, proof(c, 1, { kind: "light-client-attack", height: 2n }));
  t.like(of(c, 0), { jailed: true, tokens: 9_500_000n });
  t.like(of(c, 1), { jailed: true, tokens: 9_500_000n });
  t.like(of(c, 2), { jailed: false });
  t.deepEqual(attributesOf(events, "slash"), [
    { address: valcons(c, 0), power: "10", reason: "double_sign", burned_coins: "500000" },
    { jailed: valcons(c, 0) },
    { address: valcons(c, 1), power: "10", reason: "double_sign", burned_coins: "500000" },
    { jailed: valcons(c, 1) },
  ]);
  found(c, first, proof(c, 0, { height: 1n }));
  t.like(of(c, 0), { tokens: 9_500_000n });

  const { evidence, pagination } = c.query(q.allEvidence);
  t.is(evidence.length, 2);
  t.is(pagination?.total, 2n);
  const kept = evidence.map((any) => Equivocation.decode(any.value)).find((e) => e.consensusAddress === valcons(c, 0));
  t.deepEqual(kept, { height: 3n, time: { seconds: first.timeNs / SECOND, nanos: 0 }, power: 10n, consensusAddress: valcons(c, 0) });
  const hash = toHex(nodeCrypto.sha256(Equivocation.encode(kept as Equivocation)));
  for (const text of [hash, hash.toUpperCase()]) t.is(c.query(q.evidence, { hash: text }).evidence?.typeUrl, "/cosmos.evidence.v1beta1.Equivocation");
  const paged = c.query(q.allEvidence, { pagination: { key: new Uint8Array(0), offset: 0n, limit: 1n, countTotal: false, reverse: true } });
  t.deepEqual(paged.evidence, evidence.slice(1));
});

test("who is jailed already is not jailed again, and not told of as such", (t) => {
  const c = chain();
  c.blocks(2);
  c.block(() => c.k.staking.jail(c.ctx, address(c, 0)));
  t.deepEqual(attributesOf(found(c, proof(c, 0)), "slash").map((e) => e["reason"] ?? "jailed"), ["double_sign"]);
  t.true(c.k.slashing.info(c.ctx, address(c, 0))?.tombstoned);
});

test("too old is what is older than both of the engine's ages", (t) => {
  for (const [blocks, seconds, judged] of [[5n, 5n, false], [6n, 5n, true], [5n, 6n, true]] as const) {
    const c = chain();
    c.blocks(4);
    const old = proof(c, 0);
    c.block(() => young(c, blocks, seconds));
    c.blocks(4);
    // Six blocks and six seconds on.
    found(c, old);
    t.is(of(c, 0)?.jailed, judged, `${blocks} blocks, ${seconds} seconds`);
    t.is(c.query(q.allEvidence).evidence.length, judged ? 1 : 0);
  }
});

test("no block fails for what cannot be judged: unknown, unbonded, without a signing info, of a height to come, of no power", (t) => {
  const c = chain();
  c.blocks(3);
  const before = c.supply;
  found(c, proof(c, 0, { validator: new Uint8Array(20) }), proof(c, 0, { validator: new Uint8Array(3) }), proof(c, 0, { height: 1_000n }));
  t.false(of(c, 0)?.jailed);
  c.block(() => c.k.staking.jail(c.ctx, address(c, 1)));
  c.until(() => of(c, 1)?.status === 1, 120);
  found(c, proof(c, 1));
  t.is(c.query(q.allEvidence).evidence.length, 0);
  t.is(c.supply, before);
  found(c, proof(c, 0, { height: 0n, timeNs: 0n, power: -5n }));
  t.true(of(c, 0)?.jailed);
  t.is(of(c, 0)?.tokens, 10_000_000n, "a power below nothing takes nothing");
});

test("no kind of proof has a handler for messages, and what is no proof is told so", (t) => {
  const c = chain();
  c.blocks(3);
  const given: Equivocation = { height: 3n, time: { seconds: 5n, nanos: 0 }, power: 10n, consensusAddress: valcons(c, 0) };
  const submit = (change: Partial<Equivocation> | undefined, typeUrl = Equivocation.typeUrl): string => {
    const done = c.deliver(MsgSubmitEvidence, { submitter: c.address("anybody"), ...(change && { evidence: { typeUrl, value: Equivocation.encode({ ...given, ...change }) } }) });
    return "code" in done ? `${done.codespace}/${done.code} ${done.log}` : "done";
  };
  c.block(() => {
    t.is(submit({}), "evidence/2 equivocation: unregistered handler for evidence type");
    t.is(submit(undefined), "evidence/3 missing evidence: invalid evidence");
    t.is(submit({ height: 0n }), "evidence/3 failed basic validation: invalid equivocation height: 0: invalid evidence");
    t.is(submit({ power: 0n }), "evidence/3 failed basic validation: invalid equivocation validator power: 0: invalid evidence");
    t.is(submit({ consensusAddress: "" }), "evidence/3 failed basic validation: invalid equivocation validator consensus address: : invalid evidence");
    t.is(submit({ time: { seconds: 0n, nanos: 5 } }), "evidence/3 failed basic validation: invalid equivocation time: 1970-01-01 00:00:00.000000005 +0000 UTC: invalid evidence");
    t.is(submit({}, "/cosmos.bank.v1beta1.MsgSend"), "sdk/2 unable to resolve type URL /cosmos.bank.v1beta1.MsgSend: tx parse error");
    t.regex(submit({ time: { seconds: 1n << 60n, nanos: 0 } }), /^sdk\/2 .*: tx parse error$/);
    t.is(c.deliver(MsgSubmitEvidence, { submitter: c.address("anybody"), evidence: { typeUrl: Equivocation.typeUrl, value: Uint8Array.of(255) } })["code" as never], 2 as never);
  });
  found(c, proof(c, 0));
  const [stored] = c.query(q.allEvidence).evidence;
  const again = c.deliver(MsgSubmitEvidence, { submitter: c.address("anybody"), ...(stored && { evidence: stored }) });
  t.regex("code" in again ? again.log : "", /^[0-9A-F]{64}: evidence already exists$/);
});

test("queries are refused in the SDK's words", (t) => {
  const c = chain();
  c.blocks(1);
  const asked = (hash: string): string | undefined => refusal(() => c.query(q.evidence, { hash }));
  t.is(asked(""), "sdk/18: rpc error: code = InvalidArgument desc = invalid request; hash is empty: invalid request");
  t.is(asked("00"), "sdk/22: rpc error: code = NotFound desc = evidence 00 not found: key not found");
  t.is(asked("0x"), "sdk/18: invalid evidence hash: encoding/hex: invalid byte: U+0078 'x': invalid request");
  t.is(asked("abc"), "sdk/18: invalid evidence hash: encoding/hex: odd length hex string: invalid request");
});

test("genesis has the proofs, each once, and refuses what is none", (t) => {
  const c = chain();
  c.blocks(3);
  found(c, proof(c, 0));
  const exported = JSON.parse(JSON.stringify(c.exported())) as Record<string, any>;
  t.like(exported["evidence"].evidence[0], { "@type": "/cosmos.evidence.v1beta1.Equivocation", height: "3", power: "10", consensus_address: valcons(c, 0) });
  const begun = (state: unknown) => new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], genesis: state as Record<string, unknown>, initialHeight: c.height + 1n, timeMs: c.timeMs });
  const again = begun(exported);
  t.deepEqual(again.dump(), c.dump());
  const [one] = exported["evidence"].evidence;
  const refused = (list: unknown[]): string | undefined => refusal(() => begun({ ...exported, evidence: { evidence: list } }));
  t.regex(refused([one, one]) ?? "", /^app_state\.evidence\.evidence\[1\]\.evidence with hash [0-9A-F]{64} already exists$/);
  t.is(refused([{ ...one, height: "0" }]), "app_state.evidence.evidence[0].invalid equivocation height: 0");
});

test("amino JSON of a proof is the SDK's", (t) => {
  const e: Equivocation = { height: 3n, time: { seconds: 5n, nanos: 0 }, power: 10n, consensusAddress: "c" };
  t.deepEqual(aminoJson(MsgSubmitEvidence as Codec<unknown>, { submitter: "s", evidence: { typeUrl: Equivocation.typeUrl, value: Equivocation.encode(e) } }), {
    submitter: "s",
    evidence: { type: "cosmos-sdk/Equivocation", value: { height: "3", time: "1970-01-01T00:00:05Z", power: "10", consensus_address: "c" } },
  });
});
