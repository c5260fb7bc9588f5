import test from "ava";
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type MessageHandler } from "#kernel/services.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgSendResponse } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { address } from "#test/chain/environment.js";
import { send } from "#test/chain/shaped-tx.js";
import { type EncodedMessage, makeRouter, type Router } from "./router.js";

const [a, b] = [address("a"), address("b")];
const chain = () => new TestChain({ crypto: nodeCrypto, funds: { a: 10n } });

test("a message runs in the name of its one signer, and of nobody else", (t) => {
  const c = chain();
  const { ctx } = c;
  const router = makeRouter(c.app.messages);
  const { typeUrl } = send(a);
  t.is(router.handlerOf(typeUrl)?.module, "bank");
  t.is(router.handlerOf("/none.Msg"), undefined);
  const response = router.dispatch(ctx, a, send(a, b, [coin(4n)]));
  t.deepEqual(response, { typeUrl: MsgSendResponse.typeUrl, value: MsgSendResponse.encode({}) });
  t.is(c.k.bank.balance(ctx, b), 4n);
  t.true(ctx.events.some((e) => e.type === "transfer"));

  t.is(refusal(() => router.dispatch(ctx, b, send(a, b))), `sdk/4: ${typeUrl} is to be signed by ["${a}"], not by ${b} alone: unauthorized`);
  t.regex(refusal(() => router.dispatch(ctx, a, { typeUrl: "/none.Msg", value: new Uint8Array(0) })) ?? "", /^sdk\/2: unable to resolve type URL/);
  t.regex(refusal(() => router.dispatch(ctx, a, { typeUrl, value: Uint8Array.of(...send(a).value, 0x98, 6, 1) })) ?? "", /^sdk\/2: .*not canonical/);
  t.is(c.k.bank.balance(ctx, b), 4n);
});

/** A router whose one message does what it is told. */
function routerOf(run: (ctx: Context, router: () => Router) => void, signers: string[] = [a]): Router {
  const handler = {
    typeUrl: "/test.Msg", module: "test", decode: (v: Uint8Array) => v, encode: (m: unknown) => m as Uint8Array, signers: () => signers, spelled: (m: unknown) => m, amino: () => ({}),
    run(ctx: Context) {
      run(ctx, () => router);
      return { typeUrl: "/test.MsgResponse", value: new Uint8Array(0) };
    },
  } satisfies MessageHandler;
  const router = makeRouter(new Map([[handler.typeUrl, handler]]));
  return router;
}
const message: EncodedMessage = { typeUrl: "/test.Msg", value: new Uint8Array(0) };

test("what a message did that failed is undone, with its events, and the caller goes on", (t) => {
  const [c, idle] = [chain(), chain()];
  const { bank } = c.k;
  const failing = routerOf((ctx) => {
    bank.send(ctx, a, b, 1n);
    throw sdk.logic("late");
  });
  c.block(() => {
    const before = [...c.ctx.events];
    t.throws(() => failing.dispatch(c.ctx, a, message), { instanceOf: ModuleError });
    t.deepEqual(c.ctx.events, before);
  });
  idle.block();
  t.deepEqual(c.dump(), idle.dump());
  routerOf((ctx) => bank.send(ctx, a, b, 1n)).dispatch(c.ctx, a, message);
  t.is(bank.balance(c.ctx, b), 1n);
});

test("several signers, or none, are nobody's to stand in for", (t) => {
  const { ctx } = chain();
  for (const signers of [[a, b], [], [b]]) t.regex(refusal(() => routerOf(() => t.fail(), signers).dispatch(ctx, a, message)) ?? "", /^sdk\/4: /);
});

test("messages within messages end at a depth that is the same everywhere", (t) => {
  const { ctx } = chain();
  let runs = 0;
  const nested = routerOf((c, router) => {
    runs++;
    router().dispatch(c, a, message);
  });
  for (let again = 0; again < 2; again++) {
    runs = 0;
    t.is(refusal(() => nested.dispatch(ctx, a, message)), "sdk/18: messages within messages deeper than 8: invalid request");
    t.is(runs, 8);
  }
});

test("who asks who signs a message, reads it and runs it has it decoded once: eight messages within each other would be decoded hundreds of times", (t) => {
  const c = chain();
  const handlers = new Map(c.app.messages);
  const { typeUrl, value } = send(a, b, [coin(1n)]);
  const own = handlers.get(typeUrl) as MessageHandler;
  let decoded = 0;
  handlers.set(typeUrl, { ...own, decode: (bytes) => (decoded++, own.decode(bytes)) });
  const router = makeRouter(handlers);
  const message = { typeUrl, value };
  t.deepEqual(router.signers(message), [a]);
  t.like(router.read(message), { fromAddress: a, toAddress: b });
  router.dispatch(c.ctx, a, message);
  router.dispatch(c.ctx, a, { ...message });
  t.is(decoded, 1);
  t.is(c.k.bank.balance(c.ctx, b), 2n);
  // the same bytes under another name are another message
  t.regex(refusal(() => router.signers({ typeUrl: "/none.Msg", value })) ?? "", /unable to resolve type URL/);
});
