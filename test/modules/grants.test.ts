/** Messages in another's name and fees that another pays, in transactions that are signed, paid and executed as the node does it. */
import test from "ava";
import type { TxOutcome } from "#app/tx/execute.js";
import { nodeCrypto } from "#platform/crypto.js";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { AllowedMsgAllowance, BasicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { MsgGrantAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import { MsgConfirmData } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgRegisterWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import type { Codec } from "#proto/wire.js";
import { attributesOf, coin, TestChain } from "#test/chain/chain.js";
import { Course, enlist, FUNDS, registration } from "#test/chain/course.js";
import { Account, type EncodedMessage, execute, send, type Shape, shaped } from "#test/chain/shaped-tx.js";

const message = <T>(codec: Codec<T>, m: Partial<T>): EncodedMessage => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(m)) });
const generic = (codec: { readonly typeUrl: string }): EncodedMessage => message(GenericAuthorization, { msg: codec.typeUrl });
const FEE = [coin(9n)];

const setUp = async () => {
  const [cold, hot, other] = (await Promise.all(["cold key", "hot key", "other key"].map((n) => Account.of(n)))) as [Account, Account, Account];
  const chain = new TestChain({ crypto: nodeCrypto, funds: { ...FUNDS } });
  // names have addresses of their own; these have keys
  chain.block((c) => [cold, other].forEach((x) => c.k.bank.send(c.ctx, c.address("client"), x.address, 200_000n)));
  const balance = (x: Account): bigint => chain.k.bank.balance(chain.ctx, x.address);
  /** One transaction in a block of its own. */
  const tx = async (signer: Account, messages: readonly EncodedMessage[], o: Shape = {}): Promise<TxOutcome> => {
    const bytes = await shaped(chain, [signer], { messages, ...o });
    let outcome: TxOutcome | undefined;
    chain.block((c) => void (outcome = execute(c, bytes)));
    return outcome as TxOutcome;
  };
  const ok = (t: { is(a: unknown, b: unknown, m?: string): boolean }, o: TxOutcome): void => void t.is(o.code, 0, o.log);
  const grant = (authorization: EncodedMessage, expiration?: { seconds: bigint; nanos: number }): EncodedMessage =>
    message(MsgGrant, { granter: cold.address, grantee: hot.address, grant: { authorization: { ...authorization }, expiration } });
  const exec = (...msgs: EncodedMessage[]): EncodedMessage => message(MsgExec, { grantee: hot.address, msgs: msgs.map((m) => ({ ...m })) });
  const allow = (allowance: EncodedMessage): EncodedMessage => message(MsgGrantAllowance, { granter: cold.address, grantee: hot.address, allowance: { ...allowance } });
  const inSeconds = (s: bigint) => ({ seconds: chain.timeMs / 1000n + s, nanos: 0 });
  return { cold, hot, other, chain, balance, tx, ok, grant, exec, allow, inSeconds };
};

test("a grants b, and b sends from a's account, whose fee a pays too", async (t) => {
  const { cold, hot, other, chain, balance, tx, ok, grant, exec, allow } = await setUp();
  ok(t, await tx(cold, [grant(message(SendAuthorization, { spendLimit: [coin(100n)] })), allow(message(BasicAllowance, { spendLimit: [coin(20n)] }))], { fee: FEE }));
  t.truthy(chain.account(hot.address), "who is granted something has an account, so it can sign");

  const before = { cold: balance(cold), other: balance(other) };
  const sent = await tx(hot, [exec(send(cold.address, other.address, [coin(40n)]))], { fee: FEE, granter: cold.address });
  ok(t, sent);
  t.deepEqual([balance(cold), balance(other), balance(hot)], [before.cold - 49n, before.other + 40n, 0n]);
  const transfer = attributesOf(sent.events, "transfer").at(-1);
  t.deepEqual(transfer, { recipient: other.address, sender: cold.address, amount: "40upouw", authz_msg_index: "0", msg_index: "0" });
  t.deepEqual(attributesOf(sent.events, "message").find((e) => e["action"]), { action: MsgExec.typeUrl, sender: hot.address, module: "authz", msg_index: "0" });
  t.deepEqual(sent.events.slice(0, 2).map((e) => e.type), ["use_feegrant", "update_feegrant"]);

  const much = await tx(hot, [exec(send(cold.address, other.address, [coin(61n)]))], { fee: FEE, granter: cold.address });
  t.like(much, { codespace: "sdk", code: 5, log: "failed to execute message; message index: 0: requested amount is more than spend limit: insufficient funds" });
  t.is(balance(cold), before.cold - 58n, "the fee is paid all the same");

  const spent = await tx(hot, [exec(send(cold.address, other.address, [coin(1n)]))], { fee: FEE, granter: cold.address });
  t.like(spent, { codespace: "feegrant", code: 2, log: `${cold.address} does not allow to pay fees for ${hot.address}: basic allowance: fee limit exceeded` });
  ok(t, await tx(hot, [exec(send(cold.address, other.address, [coin(1n)]))], { fee: [coin(2n)], granter: cold.address }));
  t.like(await tx(hot, [exec(send(cold.address, other.address, [coin(1n)]))], { fee: [coin(1n)], granter: cold.address }), { codespace: "sdk", code: 38 }, "all of it is used up");
});

test("fees are paid for the messages that are named, and for no others", async (t) => {
  const { cold, hot, balance, tx, ok, exec, allow } = await setUp();
  const basic = message(BasicAllowance, {});
  ok(t, await tx(cold, [allow(message(AllowedMsgAllowance, { allowance: { ...basic }, allowedMessages: [MsgExec.typeUrl] }))]));
  const before = balance(cold);
  t.like(await tx(hot, [send(hot.address)], { fee: FEE, granter: cold.address }), { codespace: "feegrant", code: 7 });
  t.is(balance(cold), before);
  const failed = await tx(hot, [exec(send(cold.address, hot.address))], { fee: FEE, granter: cold.address });
  t.like(failed, { codespace: "authz", code: 2 }, "that a fee is paid allows no message");
  t.is(balance(cold), before - 9n);
});

test("what has expired is refused and removed", async (t) => {
  const { cold, hot, chain, tx, ok, grant, exec, allow, inSeconds } = await setUp();
  const end = inSeconds(4n);
  ok(t, await tx(cold, [grant(message(SendAuthorization, { spendLimit: [coin(100n)] }), end), allow(message(BasicAllowance, { expiration: end }))]));
  const pair = { granter: cold.address, grantee: hot.address };
  ok(t, await tx(hot, [exec(send(cold.address, hot.address))], { fee: FEE, granter: cold.address }));
  chain.until((c) => c.timeMs / 1000n > end.seconds);
  t.like(await tx(hot, [exec(send(cold.address, hot.address))]), { codespace: "authz", code: 2 });
  t.like(await tx(hot, [send(hot.address)], { fee: FEE, granter: cold.address }), { codespace: "sdk", code: 38 });
  t.deepEqual(chain.query(AuthzQuery.methods.grants, pair).grants, []);
  t.deepEqual(chain.query(FeegrantQuery.methods.allowances, { grantee: hot.address }).allowances, []);
});

test("a cold key owns a worker that a hot key runs: registered, joined and confirmed in its name", async (t) => {
  const { cold, hot, chain, balance, tx, ok, grant, exec, allow } = await setUp();
  const types = [MsgRegisterWorker, MsgJoinTask, MsgConfirmData];
  ok(t, await tx(cold, [...types.map((codec) => grant(generic(codec))), allow(message(BasicAllowance, {}))], { gas: 2_000_000 }));
  enlist(chain);
  const paid = { granter: cold.address, fee: FEE };
  const register = { ...registration(chain, "cold", Role.ROLE_SUPERVISOR, 100_000n), worker: cold.address };
  ok(t, await tx(hot, [exec(message(MsgRegisterWorker, register))], paid));
  t.is(chain.k.workers.get(chain.ctx, cold.address)?.stake, 100_000n);

  // five supervisors for five seats: it is drawn
  const course = Course.submit(chain, { supervisors: 5 }).drawn();
  t.true(course.workers(Role.ROLE_SUPERVISOR).includes(cold.address));
  const join = message(MsgJoinTask, { worker: cold.address, taskId: course.id, sessionKey: course.keyOf(cold.address).key, endpoint: "127.0.0.1:4000" });
  t.like(await tx(hot, [join]), { codespace: "sdk", code: 8 }, "without MsgExec it is another's message");
  ok(t, await tx(hot, [exec(join, message(MsgConfirmData, { supervisor: cold.address, taskId: course.id }))], paid));
  const seat = course.seats(Role.ROLE_SUPERVISOR).find((s) => s.worker === cold.address);
  t.truthy(seat?.joined);
  t.is(balance(hot), 0n, "it never needed a coin");

  ok(t, await tx(cold, types.map(({ typeUrl }) => message(MsgRevoke, { granter: cold.address, grantee: hot.address, msgTypeUrl: typeUrl }))));
  t.like(await tx(hot, [exec(join)], paid), { codespace: "authz", code: 2 }, "and is out with one signature of the cold one");
});

test("all of it is signed in amino JSON as well", async (t) => {
  const { cold, hot, other, chain, tx, ok, grant, exec, allow, inSeconds } = await setUp();
  const end = inSeconds(1_000n);
  const expiration = new Date(Number(end.seconds) * 1000).toISOString().replace(".000Z", "Z");
  const pair = { granter: cold.address, grantee: hot.address };
  const limit = { spend_limit: [{ denom: "upouw", amount: "100" }] };
  const granting = {
    amino: true,
    aminoMessages: [
      { type: "cosmos-sdk/MsgGrant", value: { ...pair, grant: { authorization: { type: "cosmos-sdk/SendAuthorization", value: limit }, expiration } } },
      { type: "cosmos-sdk/MsgGrantAllowance", value: { ...pair, allowance: { type: "cosmos-sdk/BasicAllowance", value: { ...limit, expiration } } } },
    ],
  };
  const messages = [grant(message(SendAuthorization, { spendLimit: [coin(100n)] }), end), allow(message(BasicAllowance, { spendLimit: [coin(100n)], expiration: end }))];
  ok(t, await tx(cold, messages, granting));
  const sent = { type: "cosmos-sdk/MsgSend", value: { from_address: cold.address, to_address: other.address, amount: [{ denom: "upouw", amount: "5" }] } };
  const executing = { amino: true, fee: FEE, granter: cold.address, aminoMessages: [{ type: "cosmos-sdk/MsgExec", value: { grantee: hot.address, msgs: [sent] } }] };
  const before = chain.k.bank.balance(chain.ctx, other.address);
  ok(t, await tx(hot, [exec(send(cold.address, other.address, [coin(5n)]))], executing));
  t.is(chain.k.bank.balance(chain.ctx, other.address), before + 5n);
  t.is((await tx(hot, [exec(send(cold.address, other.address, [coin(6n)]))], executing)).code, 4, "another amount was not signed");
});

test("a transaction of messages within messages is refused before it costs anything to read", async (t) => {
  const { cold, tx, hot, exec } = await setUp();
  let deep = send(cold.address);
  for (let i = 0; i < 2_000; i++) deep = exec(deep);
  t.like(await tx(cold, [deep]), { codespace: "sdk", code: 2, gasUsed: 0n });
  t.like(await tx(hot, [exec(...Array.from({ length: 100 }, () => send(hot.address)))]), { codespace: "sdk", code: 2, gasUsed: 0n });
});
