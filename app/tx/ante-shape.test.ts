import test from "ava";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type ResponseCheckTx } from "cosmjs-types/tendermint/abci/types";
import { TestNode } from "#test/chain/node.js";
import { Account, send, type Shape, shaped } from "#test/chain/shaped-tx.js";

const setUp = async (t: Parameters<typeof TestNode.start>[0]) => {
  const [a, b] = (await Promise.all(["a", "b"].map((n) => Account.of(n)))) as [Account, Account];
  const node = await TestNode.start(t, { balances: { [a.address]: 1_000_000n, [b.address]: 1_000_000n } });
  const one = (o: Shape = {}) => shaped(node, [a], o);
  /** on a check state of its own: the one that CheckTx writes to is dropped by a block */
  const check = async (o: Shape): Promise<ResponseCheckTx> => {
    const r = node.check(await one(o));
    await node.block([]);
    return r;
  };
  return { node, a, b, one, check };
};

test("timeout_timestamp is held against the block's time", async (t) => {
  const { node, one, check } = await setUp(t);
  const at = (ms: bigint) => ({ body: { timeoutTimestamp: { seconds: ms / 1000n, nanos: Number(ms % 1000n) * 1_000_000 } } });
  const past = await check(at(node.timeMs - 1_500n));
  t.is(past.code, 42);
  t.is(past.log, "block time: 2023-11-14 22:13:21 +0000 UTC, timeout timestamp: 2023-11-14 22:13:19.5 +0000 UTC: tx timeout");
  const late = await one(at(node.timeMs + 999n));
  t.is((await node.decided(node.propose([late]))).txResults[1]?.code, 42, "the block is a second later");
  t.is((await check(at(node.timeMs + 60_000n))).code, 0);
  t.is((await check({ body: { timeoutTimestamp: { seconds: 0n, nanos: 0 } } })).code, 0, "1970 is none, as in the SDK");
  t.is((await check({ body: { timeoutTimestamp: { seconds: 1n << 60n, nanos: 0 } } })).code, 2);
});

test("an amino-signed transaction: nobody can add what its signer did not sign", async (t) => {
  const { node, one, check } = await setUp(t);
  t.is((await check({ amino: true })).code, 0);
  const option = { typeUrl: "/x", value: new Uint8Array(200) };
  const refused = await check({ amino: true, changed: (_raw, body) => void body.nonCriticalExtensionOptions.push(option) });
  t.is(refused.code, 4);
  t.regex(refused.log, /^signature verification failed; please verify account number \(\d+\), sequence \(0\) and chain-id \(node-1\): unauthorized$/);
  t.is((await check({ amino: true, changed: (_raw, body) => void body.extensionOptions.push(option) })).code, 31);
  t.is((await check({ amino: true, changed: (_raw, _body, info) => void (info.tip = { amount: [], tipper: "" }) })).code, 4);
  t.is((await check({ amino: true, changed: (_raw, body) => void (body.timeoutTimestamp = { seconds: 0n, nanos: 0 }) })).code, 4);
  const timeoutTimestamp = { seconds: 1_700_000_060n, nanos: 500_000_000 };
  t.is((await check({ amino: true, body: { timeoutTimestamp } })).code, 0);
  t.is((await check({ amino: true, body: { timeoutTimestamp }, changed: (_raw, body) => void (body.timeoutTimestamp = undefined) })).code, 4);
  t.is((await check({ amino: true, body: { timeoutTimestamp }, changed: (_raw, body) => void (body.unordered = true) })).code, 4);
  const both = { bitarray: undefined, modeInfos: [] };
  t.like(await check({ amino: true, changed: (_raw, _body, info) => void ((info.signerInfos[0] as any).modeInfo.multi = both) }), { code: 2, log: "AuthInfo: a sign mode is single or multi, not both: tx parse error" });
  // What a DIRECT signer signed itself stays allowed.
  t.is((await check({ body: { nonCriticalExtensionOptions: [option] } })).code, 0);
  t.is((await node.block([await one()]))[0]?.code, 0);
});

test("a public key that is given is the account's, whether it is known already or not", async (t) => {
  const { node, b, one, check } = await setUp(t);
  const another = (info: AuthInfo) => void ((info.signerInfos[0] as { publicKey?: unknown }).publicKey = b.publicKey);
  const refusal = /^pubKey does not match signer address pouw1\w+ with signer index: 0: invalid pubkey$/;
  const fresh = await check({ auth: another });
  t.is(fresh.code, 8);
  t.regex(fresh.log, refusal);
  t.like(await check({ keys: false }), { code: 8, log: "pubkey on account is not set: invalid pubkey" });
  t.is((await node.block([await one()]))[0]?.code, 0);
  const known = await check({ auth: another });
  t.is(known.code, 8);
  t.regex(known.log, refusal);
  t.is((await check({ keys: false })).code, 0);
  t.is((await check({})).code, 0);
});

test("a fee's coins are valid, ascending and positive, or all zero", async (t) => {
  const { node, one, check } = await setUp(t);
  const bad: [string, string][][] = [
    [["upouw", "1"], ["upouw", "1"]],
    [["upouw", "1"], ["aaa", "1"]],
    [["a", "1"]],
    [["\ud800\ud800\ud800", "1"]],
    [["upouw", "-1"]],
    [["aaa", "0"], ["upouw", "1"]],
  ];
  for (const fee of bad) {
    const r = await check({ fee: fee.map(([denom, amount]) => ({ denom, amount })) });
    t.is(r.code, 13, JSON.stringify(fee));
    t.regex(r.log, /^invalid fee amount: [\x20-\x7e]+: insufficient fee$/);
  }
  t.is((await check({ fee: [{ denom: "upouw", amount: "0" }] })).code, 0);
  t.is((await check({ fee: [{ denom: "upouw", amount: "2000000" }] })).code, 5);
  const { txResults } = await node.decided(node.propose([await one({ fee: [{ denom: "upouw", amount: "12" }] })]));
  t.is(txResults[1]?.events.flatMap((e) => e.attributes).find((x) => x.key === "fee")?.value, "12upouw");
});

test("gas of zero is refused, and the memo is measured in bytes", async (t) => {
  const { check } = await setUp(t);
  t.is((await check({ gas: 0n })).code, 11);
  t.is((await check({ body: { memo: "é".repeat(128) } })).code, 0);
  t.like(await check({ body: { memo: "é".repeat(129) } }), { code: 12, log: "maximum number of characters is 256 but received 258 characters: memo too large" });
});

test("missing signatures are told of before a timeout, as in the SDK", async (t) => {
  const { node, check } = await setUp(t);
  await node.block([]);
  t.is((await check({ body: { timeoutHeight: 1n } })).code, 30);
  t.is((await check({ body: { timeoutHeight: 1n }, changed: (raw) => void (raw.signatures = []) })).code, 15);
});

test("events of several signers: sequence and signature, signer by signer", async (t) => {
  const { node, a, b } = await setUp(t);
  const tx = await shaped(node, [a, b]);
  const { txResults } = await node.decided(node.propose([tx]));
  t.is(txResults[1]?.code, 0, txResults[1]?.log);
  const [first, second] = TxRaw.decode(tx).signatures.map((s) => Buffer.from(s).toString("base64"));
  const marks = txResults[1]?.events.filter((e) => e.type === "tx").map((e) => e.attributes.map((x) => `${x.key}=${x.value}`).join(" "));
  t.deepEqual(marks, [`fee= fee_payer=${a.address}`, `acc_seq=${a.address}/0`, `signature=${first}`, `acc_seq=${b.address}/0`, `signature=${second}`]);
  const sequences = [a, b].map((x) => node.modules.keepers.auth.get(node.state, x.address)?.sequence);
  t.deepEqual(sequences, [1n, 1n]);
});

test("a transaction's body is what was signed: another message under the same signature is refused", async (t) => {
  const { a, b, check } = await setUp(t);
  const steal = { changed: (_raw: TxRaw, body: TxBody) => void (body.messages = [{ ...send(a.address, b.address) }]) };
  t.is((await check(steal)).code, 4);
  t.is((await check({ amino: true, ...steal })).code, 4);
});
