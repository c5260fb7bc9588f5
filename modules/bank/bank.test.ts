import test from "ava";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { addresses, coin } from "#test/modules/chain.js";
import { Account, TestNode } from "#test/modules/node.js";

const send = (fromAddress: string, toAddress: string, amount = [coin(1n)]) => ({ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: MsgSend.encode(MsgSend.fromPartial({ fromAddress, toAddress, amount })).finish() });

test("a pool receives nothing by a transfer, however its address is written", async (t) => {
  const account = await Account.of("client");
  const node = await TestNode.start(t, { balances: { [account.address]: 1_000n } });
  const pool = addresses.module("workers");
  for (const [to, code] of [[pool, 4], [pool.toUpperCase(), 7], [`P${pool.slice(1)}`, 7]] as const) {
    const [r] = await node.block([await node.tx(account, [send(account.address, to)])]);
    t.is(r?.code, code, r?.log);
  }
  t.deepEqual(JSON.parse(new TextDecoder().decode(node.query("/app/invariants").value)).broken, []);
});

test("an upper-case signer is no account", async (t) => {
  const account = await Account.of("client");
  const node = await TestNode.start(t, { balances: { [account.address]: 1_000n } });
  t.is(node.check(await node.tx(account, [send(account.address.toUpperCase(), account.address)])).code, 7);
});

test("MsgMultiSend has exactly one sender, and what is sent is what is received", async (t) => {
  const [a, b] = [await Account.of("a"), await Account.of("b")];
  const node = await TestNode.start(t, { balances: { [a.address]: 1_000n } });
  const multi = (inputs: [string, bigint][], outputs: [string, bigint][]) => {
    const side = (list: [string, bigint][]) => list.map(([address, n]) => ({ address, coins: [coin(n)] }));
    return { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value: MsgMultiSend.encode({ inputs: side(inputs), outputs: side(outputs) }).finish() };
  };
  const run = async (m: ReturnType<typeof multi>) => {
    const [r] = await node.block([await node.tx(a, [m])]);
    return `${r?.codespace}/${r?.code}`;
  };
  t.is(await run(multi([], [[b.address, 1n]])), "bank/2");
  t.is(await run(multi([[a.address, 1n]], [])), "bank/3");
  t.is(await run(multi([[a.address, 3n]], [[b.address, 2n]])), "bank/4");
  t.is(await run(multi([[a.address, 1n], [b.address, 1n]], [[b.address, 2n]])), "bank/9");
  t.is(await run(multi([[a.address, 3n]], [[b.address, 2n], [a.address, 1n]])), "/0");
  t.is(node.modules.keepers.bank.balance(node.state, b.address), 2n);
});

test("coins that are no coins are refused without their text reaching the log", async (t) => {
  const account = await Account.of("client");
  const node = await TestNode.start(t, { balances: { [account.address]: 1_000n } });
  const [r] = await node.block([await node.tx(account, [send(account.address, account.address, [{ denom: "\ud800 \n denom", amount: "1" }])])]);
  t.is(r?.code, 10);
  t.regex(r?.log ?? "", /^[\x20-\x7e]*$/);
});
