import test from "ava";
import { toHex, utf8 } from "#kernel/bytes.js";
import { makeEnvironment } from "#kernel/environment.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import type { Codec } from "#proto/wire.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { readAllowance } from "./allowances/index.js";
import { grants, queue } from "./store.js";

const env = makeEnvironment(nodeCrypto, "pouw");
const q = FeegrantQuery.methods;
const address = (name: string): string => env.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));
const [a, b, c] = ["a", "b", "c"].map(address) as [string, string, string];

const any = <T>(codec: Codec<T>, m: Partial<T>): Any => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(m)) });
const basic = (m: Partial<BasicAllowance> = {}): Any => any(BasicAllowance, m);
const periodic = (m: Partial<PeriodicAllowance>): Any => any(PeriodicAllowance, { basic: BasicAllowance.create(), period: { seconds: 10n, nanos: 0 }, periodSpendLimit: [coin(5n)], ...m });
const filtered = (allowance: Any | undefined, ...allowedMessages: string[]): Any => any(AllowedMsgAllowance, { allowance, allowedMessages });
const chain = (): TestChain => new TestChain({ crypto: nodeCrypto, funds: { a: 1_000n, b: 1_000n } });
/** Seconds behind the present block. */
const at = (x: TestChain, s: bigint) => ({ seconds: x.timeMs / 1000n + s, nanos: 0 });
const grant = (x: TestChain, allowance: Any | undefined, granter = a, grantee = b) => x.deliver(MsgGrantAllowance, { granter, grantee, allowance });
const use = (x: TestChain, amount: bigint, messages: string[] = [MsgSend.typeUrl], denom = "upouw"): string | undefined =>
  refusal(() => x.k.feegrant.use(x.ctx, { granter: a, grantee: b, fee: amount > 0n ? [{ denom, amount }] : [], messages: messages.map((typeUrl) => ({ typeUrl })) }));
const refused = (codespace: string, code: number, log?: string) => ({ codespace, code, ...(log === undefined ? {} : { log }) });
/** What is left of a's grant to b. */
const left = <T>(x: TestChain, codec: Codec<T>): T => codec.decode(grants.get(x.ctx, b, a)?.allowance?.value as Uint8Array);

test("an allowance is spent, noted at each use, and gone when nothing is left", (t) => {
  const x = chain();
  x.block(() => {
    t.is(use(x, 1n), "sdk/38: fee-grant not found: not found");
    t.true("response" in grant(x, basic({ spendLimit: [coin(10n)] })));
    t.is(use(x, 4n), undefined);
    t.deepEqual(left(x, BasicAllowance).spendLimit, [coin(6n)]);
    t.is(use(x, 7n), "feegrant/2: basic allowance: fee limit exceeded");
    t.is(use(x, 1n, [], "other"), "feegrant/2: basic allowance: fee limit exceeded");
    t.is(use(x, 0n), undefined);
    t.is(use(x, 6n), undefined);
    t.is(use(x, 1n), "sdk/38: fee-grant not found: not found");
  });
  t.deepEqual(x.events.map((e) => e.type).filter((e) => e.endsWith("feegrant")), ["set_feegrant", "use_feegrant", "update_feegrant", "use_feegrant", "update_feegrant", "revoke_feegrant", "use_feegrant"]);
  t.deepEqual(x.of("use_feegrant")[0], { granter: a, grantee: b });
});

test("without a limit it never ends, but at its instant", (t) => {
  const x = chain();
  x.block(() => grant(x, basic({ expiration: at(x, 2n) })));
  x.blocks(2, () => t.is(use(x, 1_000_000n), undefined));
  t.is(grants.keys(x.ctx).length, 1, "its instant is part of its time");
  x.block(() => t.is(use(x, 1n), "feegrant/3: basic allowance: fee allowance expired"));
  t.is(grants.keys(x.ctx).length, 0, "the block has removed it behind its transactions");
  t.is(queue.keys(x.ctx).length, 0);
});

test("what is refused when an allowance is granted, with the SDK's codes", (t) => {
  const x = chain();
  x.block(() => {
    t.like(grant(x, basic(), a, a), refused("sdk", 7, "cannot self-grant fee authorization: invalid address"));
    t.like(grant(x, basic(), a, "nobody"), refused("sdk", 7));
    t.like(grant(x, undefined), refused("feegrant", 5, "failed to get allowance: no allowance"));
    t.like(grant(x, any(MsgSend, {})), refused("sdk", 2));
    t.like(grant(x, { typeUrl: BasicAllowance.typeUrl, value: Uint8Array.of(0x78, 1) }), refused("sdk", 2), "an unknown field");
    t.like(grant(x, basic({ spendLimit: [coin(1n), coin(1n)] })), refused("sdk", 10, "send amount is invalid: 1upouw,1upouw: invalid coins"));
    t.like(grant(x, basic({ spendLimit: [coin(0n)] })), refused("sdk", 10));
    t.like(grant(x, basic({ expiration: { seconds: -1n, nanos: 0 } })), refused("feegrant", 4, "expiration time cannot be negative: invalid duration"));
    t.like(grant(x, basic({ expiration: { seconds: 1n << 50n, nanos: 0 } })), refused("sdk", 2));
    t.like(grant(x, basic({ expiration: at(x, -1n) })), refused("sdk", 18, "expiration is before current block time: invalid request"));
    t.like(grant(x, periodic({ periodSpendLimit: [] })), refused("sdk", 10, "spend limit must be positive: invalid coins"));
    t.like(grant(x, periodic({ periodCanSpend: [coin(0n)] })), refused("sdk", 10, "can spend amount is invalid: 0upouw: invalid coins"));
    t.like(grant(x, periodic({ basic: { spendLimit: [coin(9n, "other")] } })), refused("sdk", 10, "period spend limit has different currency than basic spend limit: invalid coins"));
    t.like(grant(x, periodic({ period: { seconds: -1n, nanos: 0 } })), refused("feegrant", 4, "negative clock step: invalid duration"));
    for (const period of [{ seconds: 1n << 34n, nanos: 0 }, { seconds: 1n, nanos: -1 }, { seconds: 0n, nanos: 1_000_000_000 }]) t.like(grant(x, periodic({ period })), refused("sdk", 2));
    t.like(grant(x, filtered(undefined, MsgSend.typeUrl)), refused("feegrant", 5, "allowance should not be empty: no allowance"));
    t.like(grant(x, filtered(basic())), refused("feegrant", 6, "allowed messages shouldn't be empty: allowed messages are empty"));
    const deep = (n: number): Any => (n === 0 ? basic() : filtered(deep(n - 1), MsgSend.typeUrl));
    for (const n of [8, 1_000]) t.like(grant(x, deep(n)), refused("sdk", 2));
    t.true("response" in grant(x, deep(7)));
    t.like(grant(x, basic()), refused("sdk", 18, "fee allowance already exists: invalid request"));
    t.is(x.send(MsgRevokeAllowance, { granter: a, grantee: a }), "sdk/7");
    t.is(x.send(MsgRevokeAllowance, { granter: b, grantee: a }), "sdk/38");
    t.is(x.send(MsgRevokeAllowance, { granter: a, grantee: b }), undefined);
  });
});

test("a period has its own limit, and begins anew at its own time", (t) => {
  const x = chain();
  let first = 0n;
  x.block(() => {
    grant(x, periodic({ basic: { spendLimit: [coin(12n)] } }));
    t.like(left(x, PeriodicAllowance), { periodReset: { seconds: -62_135_596_800n, nanos: 0 }, periodCanSpend: [] }, "as Go writes what was left out");
    t.is(use(x, 4n), undefined);
    first = x.timeMs / 1000n;
    t.deepEqual(left(x, PeriodicAllowance), { basic: { spendLimit: [coin(8n)] }, period: { seconds: 10n, nanos: 0 }, periodSpendLimit: [coin(5n)], periodCanSpend: [coin(1n)], periodReset: { seconds: first + 10n, nanos: 0 } });
    t.is(use(x, 2n), "feegrant/2: period limit: fee limit exceeded");
  });
  x.blocks(9);
  x.block(() => {
    t.is(use(x, 5n), undefined);
    t.deepEqual(left(x, PeriodicAllowance).periodReset, { seconds: first + 20n, nanos: 0 }, "from its own end");
  });
  x.blocks(30);
  x.block(() => {
    t.is(use(x, 4n), "feegrant/2: period limit: fee limit exceeded", "of all periods 3 are left, so a period has no more");
    t.is(use(x, 2n), undefined);
    t.deepEqual(left(x, PeriodicAllowance).periodReset, { seconds: x.timeMs / 1000n + 10n, nanos: 0 }, "from now, as more than one is over");
    t.is(use(x, 1n), undefined);
    t.is(grants.keys(x.ctx).length, 0, "all is spent");
  });
});

test("a period without a limit for all of them goes on, until its end", (t) => {
  const x = chain();
  x.block(() => grant(x, periodic({ basic: { spendLimit: [], expiration: at(x, 30n) } })));
  for (let i = 0; i < 2; i++) {
    x.block(() => t.is(use(x, 5n), undefined));
    x.blocks(9);
  }
  x.blocks(10);
  x.block(() => t.is(use(x, 5n), "feegrant/3: absolute limit: fee allowance expired"));
});

test("messages of other types are not paid for, and each costs gas", (t) => {
  const x = chain();
  const other = "/cosmos.bank.v1beta1.MsgMultiSend";
  x.block(() => {
    grant(x, filtered(basic({ spendLimit: [coin(5n)] }), MsgSend.typeUrl, "/x", "/y"));
    t.is(use(x, 1n, [MsgSend.typeUrl, other]), "feegrant/7: message does not exist in allowed messages: message not allowed");
    const before = x.ctx.gas.used;
    t.is(use(x, 1n, [MsgSend.typeUrl, MsgSend.typeUrl]), undefined);
    t.is(x.ctx.gas.used - before, 50n);
    t.deepEqual(left(x, AllowedMsgAllowance).allowance, basic({ spendLimit: [coin(4n)] }));
    t.is(use(x, 5n), "feegrant/2: basic allowance: fee limit exceeded");
    t.is(use(x, 4n), undefined);
    t.is(use(x, 1n), "sdk/38: fee-grant not found: not found");
  });
});

test("who revokes and grants anew has what the new grant says, until its own end", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, basic({ expiration: at(x, 2n) }));
    grant(x, basic({ expiration: at(x, 2n) }), b, a);
    x.must(MsgRevokeAllowance, { granter: a, grantee: b });
    grant(x, basic());
  });
  x.blocks(4);
  t.deepEqual(grants.keys(x.ctx), [[b, a]], "the new one has no end, the other direction has one of its own");
  x.block(() => t.is(use(x, 1n), undefined));
});

test("two hundred are removed by a block, seventy-five by a message", (t) => {
  const x = chain();
  x.block(() => {
    for (let i = 0; i < 300; i++) grant(x, basic({ expiration: at(x, 0n) }), a, address(`grantee ${i}`));
  });
  t.is(grants.keys(x.ctx).length, 300);
  x.block(() => {
    x.must(MsgPruneAllowances, { pruner: b });
    t.is(grants.keys(x.ctx).length, 225);
  });
  t.is(grants.keys(x.ctx).length, 25);
  t.deepEqual(x.of("prune_feegrant"), [{ pruner: b }]);
  x.blocks(1);
  t.is(grants.keys(x.ctx).length, 0);
});

test("queries answer by pair, by grantee and by granter", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, basic());
    grant(x, basic(), a, c);
    grant(x, basic(), c, b);
  });
  t.deepEqual(x.query(q.allowance, { granter: a, grantee: b }).allowance, { granter: a, grantee: b, allowance: basic() });
  t.throws(() => x.query(q.allowance, { granter: b, grantee: a }), { message: "rpc error: code = Internal desc = fee-grant not found: not found: unknown request" });
  t.deepEqual(x.query(q.allowances, { grantee: b }).allowances.map((g) => g.granter).sort(), [a, c].sort());
  t.deepEqual(x.query(q.allowancesByGranter, { granter: a }).allowances.map((g) => g.grantee).sort(), [b, c].sort());
  t.truthy(x.account(c), "who is granted something has an account");
});

test("an export goes on as it was, and a genesis that is none is refused by its path", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, filtered(periodic({ basic: { spendLimit: [coin(9n)], expiration: at(x, 50n) } }), MsgSend.typeUrl));
    grant(x, basic(), a, c);
    grant(x, periodic({ basic: { spendLimit: [] } }), c, b);
  });
  const state = JSON.parse(JSON.stringify(x.exported())) as Record<string, { allowances: Record<string, unknown>[] }>;
  const begun = (genesis: unknown) => new TestChain({ crypto: nodeCrypto, genesis: genesis as Record<string, unknown>, initialHeight: x.height + 1n, timeMs: x.timeMs });
  const again = begun(state);
  t.deepEqual(again.exported(), x.exported());
  t.deepEqual(again.dump(), x.dump());
  const [first] = state["feegrant"]?.allowances ?? [];
  const broken = (...allowances: unknown[]) => t.throws(() => begun({ ...state, feegrant: { allowances } }))?.message ?? "";
  t.regex(broken({ ...first, grantee: "x" }), /^app_state\.feegrant\.allowances\[0\]\.grantee: /);
  t.regex(broken({ ...first, allowance: null }), /allowances\[0\]\.allowance: is missing/);
  t.regex(broken({ ...first, granter: first?.["grantee"] }), /self-grant/);
  t.regex(broken(first, first), /allowances\[1\]\.allowance: fee allowance already exists/);
  t.regex(broken({ ...first, allowance: { "@type": BasicAllowance.typeUrl, spend_limit: [{ denom: "upouw", amount: "0" }] } }), /allowance: send amount is invalid/);
});

test("what is read is written again with what Go never leaves out", (t) => {
  t.deepEqual(readAllowance(any(PeriodicAllowance, {})).encode(), any(PeriodicAllowance, { basic: BasicAllowance.create(), period: { seconds: 0n, nanos: 0 }, periodReset: { seconds: -62_135_596_800n, nanos: 0 } }));
});

test("keys are laid out as the Cosmos SDK has them", (t) => {
  const x = chain();
  x.block(() => grant(x, basic({ expiration: { seconds: 1_900_000_000n, nanos: 0 } })));
  const pair = [b, a].map((text) => `14${toHex(env.addresses.parse(text))}`).join("");
  const own = [...x.dump()].filter(([k]) => k.startsWith("feegrant/"));
  t.deepEqual(own.map(([k]) => k), [`feegrant/00${pair}`, `feegrant/01${toHex(utf8("2030-03-17T17:46:40.000000000"))}${pair}`]);
});
