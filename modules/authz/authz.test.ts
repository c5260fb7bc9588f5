import test from "ava";
import { compareBytes, toHex, utf8 } from "#kernel/bytes.js";
import { makeEnvironment } from "#kernel/environment.js";
import { nodeCrypto } from "#platform/crypto.js";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { MsgExec, MsgExecResponse, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { MsgMultiSend, MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { AuthorizationType, StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import type { Codec } from "#proto/wire.js";
import { attributesOf, coin, TestChain } from "#test/chain/chain.js";
import { grants, queue } from "./store.js";

const env = makeEnvironment(nodeCrypto, "pouw");
const q = AuthzQuery.methods;
const address = (name: string): string => env.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));
const [a, b, c] = ["a", "b", "c"].map(address) as [string, string, string];

const any = <T>(codec: Codec<T>, m: Partial<T>): Any => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(m)) });
const chain = (): TestChain => new TestChain({ crypto: nodeCrypto, funds: { a: 10_000_000n, b: 1_000n, c: 1_000n } });
const generic = (codec: { readonly typeUrl: string }): Any => any(GenericAuthorization, { msg: codec.typeUrl });
/** Seconds behind the present block. */
const at = (t: TestChain, s: bigint) => ({ seconds: t.timeMs / 1000n + s, nanos: 0 });
const grant = (t: TestChain, authorization: Any | undefined, expiration?: { seconds: bigint; nanos: number }, granter = a, grantee = b) => t.deliver(MsgGrant, { granter, grantee, grant: { authorization, expiration } });
const exec = (t: TestChain, ...msgs: Any[]) => t.deliver(MsgExec, { grantee: b, msgs });
const pay = (to: string, amount: bigint, from = a): Any => any(MsgSend, { fromAddress: from, toAddress: to, amount: [coin(amount)] });
const refused = (codespace: string, code: number, log?: string) => ({ codespace, code, ...(log === undefined ? {} : { log }) });

test("a generic grant runs messages of its type in the granter's name, until it is revoked", (t) => {
  const x = chain();
  x.block(() => {
    t.like(exec(x, pay(c, 5n)), refused("authz", 2, `failed to get grant with given granter: ${a}, grantee: ${b} & msgType: ${MsgSend.typeUrl} : authorization not found`));
    t.true("response" in grant(x, generic(MsgSend)));
    const done = exec(x, pay(c, 5n), pay(c, 6n), pay(c, 1n, b));
    if (!("response" in done)) throw new Error(done.log);
    t.deepEqual(MsgExecResponse.decode(done.response).results.map((r) => r.length), [0, 0, 0], "what each message answered");
    t.like(exec(x, any(MsgMultiSend, { inputs: [{ address: a, coins: [coin(1n)] }], outputs: [{ address: c, coins: [coin(1n)] }] })), refused("authz", 2), "another type is not granted");
    t.is(x.balance("c"), 1_012n);
  });
  t.deepEqual(x.of("cosmos.authz.v1beta1.EventGrant"), [{ grantee: `"${b}"`, granter: `"${a}"`, msg_type_url: `"${MsgSend.typeUrl}"` }]);
  t.deepEqual(x.events.find((e) => e.type.endsWith("EventGrant"))?.attributes.map((e) => e.key), ["grantee", "granter", "msg_type_url"]);
  t.deepEqual(attributesOf(x.events, "transfer").map((e) => [e["sender"], e["amount"], e["authz_msg_index"]]), [[a, "5upouw", "0"], [a, "6upouw", "1"], [b, "1upouw", "2"]]);
  x.block(() => {
    t.is(x.send(MsgRevoke, { granter: a, grantee: b, msgTypeUrl: MsgSend.typeUrl }), undefined);
    t.is(x.send(MsgRevoke, { granter: a, grantee: b, msgTypeUrl: MsgSend.typeUrl }), "authz/2");
    t.like(exec(x, pay(c, 5n)), refused("authz", 2));
  });
  t.is(x.of("cosmos.authz.v1beta1.EventRevoke").length, 1);
});

test("what is refused when something is granted, with the SDK's codes", (t) => {
  const x = chain();
  x.block(() => {
    t.like(grant(x, generic(MsgSend), undefined, a, a), refused("authz", 7, "grantee and granter should be different"));
    t.like(grant(x, generic(MsgSend), undefined, a, "nobody"), refused("sdk", 7));
    t.like(grant(x, undefined), refused("sdk", 29, "authorization is nil: invalid type"));
    t.like(grant(x, generic({ typeUrl: "" })), refused("undefined", 1, "msg type cannot be empty"));
    t.like(grant(x, generic({ typeUrl: "/none.Msg" })), refused("sdk", 29, "/none.Msg doesn't exist.: invalid type"));
    t.like(grant(x, pay(c, 1n)), refused("sdk", 2), "no authorisation");
    t.like(grant(x, { typeUrl: GenericAuthorization.typeUrl, value: Uint8Array.of(10, 1, 0x61, 0x78, 1) }), refused("sdk", 2), "an unknown field");
    const now = new Date(Number(x.timeMs)).toISOString().replace(".000Z", "Z");
    t.like(grant(x, generic(MsgSend), at(x, 0n)), refused("authz", 3, `expiration must be after the current block time (${now}), got ${now}: expiration time of authorization should be more than current time`));
    for (const bad of [{ seconds: 253_402_300_800n, nanos: 0 }, { seconds: 1n, nanos: -1 }, { seconds: 1n, nanos: 1_000_000_000 }, { seconds: -62_135_596_801n, nanos: 0 }]) t.like(grant(x, generic(MsgSend), bad), refused("sdk", 2));
    t.like(grant(x, any(SendAuthorization, {})), refused("sdk", 10, "spend limit cannot be nil: invalid coins"));
    t.like(grant(x, any(SendAuthorization, { spendLimit: [coin(0n)] })), refused("sdk", 10, "spend limit must be positive: invalid coins"));
    t.like(grant(x, any(SendAuthorization, { spendLimit: [coin(1n, "zzz"), coin(1n)] })), refused("sdk", 10));
    t.like(grant(x, any(SendAuthorization, { spendLimit: [coin(1n)], allowList: [c, c] })), refused("bank", 8, "duplicate entry"));
    t.like(grant(x, any(StakeAuthorization, {})), refused("authz", 4, "unknown authorization type"));
    t.like(grant(x, any(StakeAuthorization, { authorizationType: 9 as AuthorizationType })), refused("authz", 4));
    t.like(grant(x, any(StakeAuthorization, { authorizationType: 1, maxTokens: coin(-1n) })), refused("authz", 12, "negative coin amount: -1upouw: max tokens should be positive"));
    t.like(grant(x, any(StakeAuthorization, { authorizationType: 1, maxTokens: { denom: "upouw", amount: "much" } })), refused("sdk", 2));
    t.like(grant(x, any(StakeAuthorization, { authorizationType: 1, allowList: { address: [] }, denyList: { address: [] } })), refused("sdk", 2));
    t.is(x.send(MsgRevoke, { granter: a, grantee: b, msgTypeUrl: "" }), "sdk/18");
    t.is(x.send(MsgRevoke, { granter: a, grantee: b, msgTypeUrl: "x".repeat(100_000) }), "authz/2", "longer than any key");
    t.is(x.send(MsgRevoke, { granter: a, grantee: a, msgTypeUrl: "x" }), "authz/7");
    t.like(exec(x), refused("sdk", 18, "messages cannot be empty: invalid request"));
    t.like(exec(x, { typeUrl: "/none.Msg", value: new Uint8Array(0) }), refused("sdk", 2));
  });
});

test("a grant to somebody new makes their account", (t) => {
  const x = chain();
  const fresh = address("fresh");
  x.block(() => t.true("response" in grant(x, generic(MsgSend), undefined, a, fresh)));
  t.truthy(x.account(fresh));
});

test("transfers end at the limit, and go to who is on the list", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, any(SendAuthorization, { spendLimit: [coin(10n)], allowList: [b, c] }));
    t.like(exec(x, pay(a, 1n)), refused("sdk", 4, `cannot send to ${a} address: unauthorized`));
    t.like(exec(x, pay(c, 11n)), refused("sdk", 5, "requested amount is more than spend limit: insufficient funds"));
    t.like(exec(x, any(MsgSend, { fromAddress: a, toAddress: c, amount: [coin(1n, "other")] })), refused("sdk", 5));
    t.true("response" in exec(x, pay(c, 4n)));
    t.deepEqual(x.k.authz.grant(x.ctx, a, b, MsgSend.typeUrl)?.authorization, any(SendAuthorization, { spendLimit: [coin(6n)], allowList: [b, c] }));
    t.like(exec(x, pay(c, 6n), pay(c, 1n)), refused("authz", 2), "the first uses it up");
    t.true("response" in exec(x, pay(b, 6n)));
    t.is(x.k.authz.grant(x.ctx, a, b, MsgSend.typeUrl), undefined);
  });
  t.is(x.of("cosmos.authz.v1beta1.EventRevoke").length, 1);
  t.is(x.balance("c"), 1_004n);
});

test("a list of allowed addresses costs gas by its length", (t) => {
  const x = chain();
  x.block(() => {
    const others = Array.from({ length: 20 }, (_, i) => address(`other ${i}`));
    grant(x, any(SendAuthorization, { spendLimit: [coin(1_000n)], allowList: [...others, c] }));
    const before = x.ctx.gas.used;
    exec(x, pay(c, 1n));
    t.is(x.ctx.gas.used - before, 210n);
  });
});

test("a message that fails says what it was, keeps its code, and nothing of the others stays", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, generic(MsgSend));
    t.like(
      exec(x, pay(c, 1n), pay(c, 1n << 60n)),
      refused("sdk", 5, `failed to execute message; message from_address:"${a}" to_address:"${c}" amount:<denom:"upouw" amount:"${1n << 60n}" > : spendable balance 9999999upouw is smaller than ${1n << 60n}upouw: insufficient funds`),
    );
  });
  t.is(x.balance("c"), 1_000n);
});

test("stake is moved with the validators that are allowed, up to the limit", (t) => {
  const x = chain();
  const [v, w] = x.validators.map((o) => env.addresses.operator.format(env.addresses.parse(o.operator))) as [string, string];
  const delegate = (validatorAddress: string, amount: bigint): Any => any(MsgDelegate, { delegatorAddress: a, validatorAddress, amount: coin(amount) });
  const { AUTHORIZATION_TYPE_DELEGATE: DELEGATE, AUTHORIZATION_TYPE_UNDELEGATE: UNDELEGATE, AUTHORIZATION_TYPE_REDELEGATE: REDELEGATE, AUTHORIZATION_TYPE_CANCEL_UNBONDING_DELEGATION: CANCEL } = AuthorizationType;
  x.block(() => {
    grant(x, any(StakeAuthorization, { authorizationType: DELEGATE, maxTokens: coin(500n), allowList: { address: [v] } }));
    t.like(exec(x, delegate(w, 1n)), refused("sdk", 4, `cannot delegate/undelegate to ${w} validator: unauthorized`));
    t.like(exec(x, delegate(v, 501n)), refused("undefined", 1, "negative coin amount: -1upouw"));
    t.true("response" in exec(x, delegate(v, 200n)));
    t.true("response" in exec(x, delegate(v, 300n)));
    t.like(exec(x, delegate(v, 1n)), refused("authz", 2), "used up");

    grant(x, any(StakeAuthorization, { authorizationType: UNDELEGATE, denyList: { address: [w] } }));
    t.true("response" in exec(x, any(MsgUndelegate, { delegatorAddress: a, validatorAddress: v, amount: coin(100n) })));
    t.like(exec(x, any(MsgUndelegate, { delegatorAddress: a, validatorAddress: w, amount: coin(100n) })), refused("sdk", 4));
    t.truthy(x.k.authz.grant(x.ctx, a, b, MsgUndelegate.typeUrl), "without a limit it stays");

    grant(x, any(StakeAuthorization, { authorizationType: CANCEL, maxTokens: coin(60n) }));
    const cancel = (amount: bigint): Any => any(MsgCancelUnbondingDelegation, { delegatorAddress: a, validatorAddress: v, amount: coin(amount), creationHeight: x.height });
    t.true("response" in exec(x, cancel(60n)));
    t.like(exec(x, cancel(1n)), refused("authz", 2));

    grant(x, any(StakeAuthorization, { authorizationType: REDELEGATE, maxTokens: coin(50n), allowList: { address: [w] } }));
    const move = (from: string, to: string): Any => any(MsgBeginRedelegate, { delegatorAddress: a, validatorSrcAddress: from, validatorDstAddress: to, amount: coin(10n) });
    t.like(exec(x, move(w, v)), refused("sdk", 4), "where stake goes to is what counts");
    t.true("response" in exec(x, move(v, w)));
    t.like(exec(x, any(MsgBeginRedelegate, { delegatorAddress: a, validatorSrcAddress: v, validatorDstAddress: w, amount: coin(1n, "other") })), refused("undefined", 1, "invalid coin denoms: upouw, other"));
  });
});

test("messages within messages run for who signs the innermost, if all in between allow it", (t) => {
  const x = chain();
  const nested = (grantee: string, m: Any): Any => any(MsgExec, { grantee, msgs: [m] });
  x.block(() => {
    // c sends in the name of b, who may send in the name of a
    grant(x, generic(MsgSend));
    t.like(x.deliver(MsgExec, { grantee: c, msgs: [nested(b, pay(c, 5n))] }), refused("authz", 2), "c may not act for b");
    grant(x, generic(MsgExec), undefined, b, c);
    t.true("response" in x.deliver(MsgExec, { grantee: c, msgs: [nested(b, pay(c, 5n))] }));
  });
  t.deepEqual(attributesOf(x.events, "transfer").length, 1);
  t.deepEqual(x.events.find((e) => e.type === "transfer")?.attributes.slice(3), [{ key: "authz_msg_index", value: "0" }, { key: "authz_msg_index", value: "0" }], "once for each level");
  const deep = (levels: number): Any => (levels === 0 ? pay(c, 1n, b) : nested(b, deep(levels - 1)));
  x.block(() => {
    t.true("response" in exec(x, deep(6)));
    for (const levels of [8, 30, 300]) t.like(exec(x, deep(levels)), refused("sdk", 2, "messages within messages deeper than 8: tx parse error"));
    t.like(exec(x, ...Array.from({ length: 100 }, () => pay(c, 1n, b))), refused("sdk", 2));
    t.like(exec(x, nested(b, pay(c, 1n, b)), any(MsgExec, { grantee: b, msgs: Array.from({ length: 97 }, () => pay(c, 1n, b)) })), refused("sdk", 2), "in all levels together");
    t.true("response" in exec(x, pay(c, 1n, b)), "the counts begin anew with every message");
  });
});

test("nobody runs what governance alone may", (t) => {
  const x = chain();
  x.block(() => t.like(exec(x, any(MsgUpdateParams, { authority: env.addresses.module("gov"), params: x.k.slashing.params(x.ctx) })), refused("authz", 2)));
});

test("expired grants are of no use and are removed, two hundred a block", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, generic(MsgSend), at(x, 2n));
    grant(x, generic(MsgDelegate), at(x, 2n));
    grant(x, generic(MsgUndelegate));
    // another end for the same messages leaves one place in the queue
    grant(x, generic(MsgMultiSend), at(x, 9n));
    grant(x, generic(MsgMultiSend), at(x, 3n));
  });
  x.block(() => t.true("response" in exec(x, pay(c, 1n))));
  x.block(() => t.true("response" in exec(x, pay(c, 1n)), "the instant itself is still granted"));
  x.block(() => t.like(exec(x, pay(c, 1n)), refused("authz", 2)));
  t.deepEqual(grants.keys(x.ctx).map((k) => k[2]), [MsgMultiSend.typeUrl, MsgUndelegate.typeUrl]);
  x.blocks(8);
  t.deepEqual(grants.keys(x.ctx).map((k) => k[2]), [MsgUndelegate.typeUrl]);
  t.deepEqual(queue.keys(x.ctx), []);

  x.block(() => {
    for (let i = 0; i < 250; i++) grant(x, generic(MsgSend), at(x, 1n), a, address(`grantee ${i}`));
  });
  x.blocks(1);
  t.is(grants.keys(x.ctx).length, 251);
  x.blocks(1);
  t.is(grants.keys(x.ctx).length, 51);
  x.blocks(1);
  t.is(grants.keys(x.ctx).length, 1);
});

test("a grant that waits for its removal is expired", (t) => {
  const x = chain();
  const last = Array.from({ length: 250 }, (_, i) => address(`grantee ${i}`)).sort((p, r) => compareBytes(env.addresses.parse(p), env.addresses.parse(r))).at(-1) as string;
  x.block(() => {
    for (let i = 0; i < 250; i++) grant(x, generic(MsgSend), at(x, 1n), a, address(`grantee ${i}`));
  });
  x.blocks(1);
  x.block(() => t.like(x.deliver(MsgExec, { grantee: last, msgs: [pay(c, 1n)] }), refused("authz", 6, "authorization expired")));
});

test("queries answer by pair, by granter and by grantee", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, generic(MsgSend), at(x, 100n));
    grant(x, generic(MsgDelegate));
    grant(x, generic(MsgSend), undefined, a, c);
    grant(x, generic(MsgSend), undefined, c, b);
  });
  t.is(x.query(q.grants, { granter: a, grantee: b }).grants.length, 2);
  t.deepEqual(x.query(q.grants, { granter: a, grantee: b, msgTypeUrl: MsgDelegate.typeUrl }).grants, [{ authorization: generic(MsgDelegate) }]);
  t.throws(() => x.query(q.grants, { granter: a, grantee: b, msgTypeUrl: "/none" }), { message: /authorization not found for \/none type: authorization not found/ });
  t.throws(() => x.query(q.grants, { granter: "x", grantee: b }), { message: /InvalidArgument/ });
  t.deepEqual(x.query(q.granterGrants, { granter: a }).grants.map((g) => g.grantee).sort(), [b, b, c].sort());
  t.deepEqual(x.query(q.granteeGrants, { grantee: b }).grants.map((g) => g.granter).sort(), [a, a, c].sort());
  const first = x.query(q.granteeGrants, { grantee: b, pagination: { key: new Uint8Array(0), offset: 0n, limit: 2n, countTotal: true, reverse: false } });
  t.deepEqual([first.grants.length, first.pagination?.total], [2, 3n]);
  const rest = x.query(q.granteeGrants, { grantee: b, pagination: { key: first.pagination?.nextKey as Uint8Array, offset: 0n, limit: 2n, countTotal: false, reverse: false } });
  t.is(rest.grants.length, 1);
});

test("an export goes on as it was, and a genesis that is none is refused by its path", (t) => {
  const x = chain();
  x.block(() => {
    grant(x, generic(MsgMultiSend), at(x, 100n));
    grant(x, any(SendAuthorization, { spendLimit: [coin(9n)] }), at(x, 200n), a, c);
    grant(x, any(StakeAuthorization, { authorizationType: 1, denyList: { address: ["pouwvaloper1x"] } }));
  });
  const state = JSON.parse(JSON.stringify(x.exported())) as Record<string, { authorization: Record<string, unknown>[] }>;
  const begun = (genesis: unknown) => new TestChain({ crypto: nodeCrypto, genesis: genesis as Record<string, unknown>, initialHeight: x.height + 1n, timeMs: x.timeMs });
  const again = begun(state);
  t.deepEqual(again.exported(), x.exported());
  t.deepEqual(again.dump(), x.dump());
  const list = state["authz"]?.authorization as Record<string, unknown>[];
  t.deepEqual(list.map((e) => (e["authorization"] as Record<string, unknown>)["@type"]).sort(), [GenericAuthorization, SendAuthorization, StakeAuthorization].map((k) => k.typeUrl).sort());
  const broken = (change: object) => t.throws(() => begun({ ...state, authz: { authorization: [{ ...list[0], ...change }] } }))?.message;
  t.regex(broken({ granter: "x" }) ?? "", /^app_state\.authz\.authorization\[0\]\.granter: /);
  t.regex(broken({ authorization: null }) ?? "", /^app_state\.authz\.authorization\[0\]\.authorization: is missing/);
  t.regex(broken({ authorization: { "@type": GenericAuthorization.typeUrl, msg: "/none" } }) ?? "", /there is no message \/none/);
  t.throws(() => begun({ ...state, authz: { authorization: [list[0], list[0]] } }), { message: /authorization\[1\]\.authorization: .* twice/ });
  t.is(begun({ ...state, authz: { authorization: [{ ...list[0], expiration: "2001-01-01T00:00:00Z" }] } }).query(q.granterGrants, { granter: a }).grants.length, 0, "what has expired is left out");
});

test("keys are laid out as the Cosmos SDK has them", (t) => {
  const x = chain();
  x.block(() => grant(x, generic(MsgSend), { seconds: 1_900_000_000n, nanos: 5_000_000 }));
  const raw = (text: string): string => `14${toHex(env.addresses.parse(text))}`;
  const own = [...x.dump()].filter(([k]) => k.startsWith("authz/"));
  t.deepEqual(own.map(([k]) => k), [`authz/01${raw(a)}${raw(b)}${toHex(utf8(MsgSend.typeUrl))}`, `authz/02${toHex(utf8("2030-03-17T17:46:40.005000000"))}${raw(a)}${raw(b)}`]);
  t.is(own[1]?.[1], `0a${MsgSend.typeUrl.length.toString(16)}${toHex(utf8(MsgSend.typeUrl))}`, "the types that end then");
});
