import test from "ava";
import { createMultisigThresholdPubkey, encodeSecp256k1Pubkey, pubkeyToAddress } from "@cosmjs/amino";
import { encodePubkey, makeSignDoc } from "@cosmjs/proto-signing";
import { MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { coin } from "#test/chain/chain.js";
import { spec } from "#test/chain/course.js";
import { address } from "#test/chain/environment.js";
import { NODE_CHAIN, TestNode } from "#test/chain/node.js";
import { Account, bodyOf, type EncodedMessage, send } from "#test/chain/shaped-tx.js";

const FEE = [{ denom: "upouw", amount: "5000" }];

interface Form {
  readonly key: boolean;
  readonly mode: SignMode;
  readonly signature: Uint8Array;
  readonly fee?: typeof FEE;
}
/** As CosmJS asks: the wallet's key, no mode, an empty signature. */
const COSMJS: Form = { key: true, mode: SignMode.SIGN_MODE_UNSPECIFIED, signature: new Uint8Array(0) };
/** As Keplr asks: no key, amino, 64 zeros. */
const KEPLR: Form = { key: false, mode: SignMode.SIGN_MODE_LEGACY_AMINO_JSON, signature: new Uint8Array(64) };

async function simulated(node: TestNode, account: Account, messages: readonly EncodedMessage[], f: Form): Promise<bigint> {
  const sequence = node.modules.keepers.auth.get(node.state, account.address)?.sequence ?? 0n;
  const info = AuthInfo.fromPartial({
    signerInfos: [{ ...(f.key ? { publicKey: account.publicKey } : {}), modeInfo: { single: { mode: f.mode } }, sequence }],
    fee: { amount: [...(f.fee ?? [])] },
  });
  const txBytes = TxRaw.encode({ bodyBytes: bodyOf(messages), authInfoBytes: AuthInfo.encode(info).finish(), signatures: [f.signature] }).finish();
  const r = node.query("/cosmos.tx.v1beta1.Service/Simulate", SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes })).finish());
  if (r.code !== 0) throw new Error(r.log);
  return SimulateResponse.decode(r.value).gasInfo?.gasUsed ?? 0n;
}

const setUp = async (t: Parameters<typeof TestNode.start>[0]) => {
  const [fresh, known] = await Promise.all([Account.of("fresh"), Account.of("known")]);
  const node = await TestNode.start(t, { balances: { [fresh.address]: 10_000_000n, [known.address]: 10_000_000n } });
  await node.block([await node.tx(known, [send(known.address)])]);
  return { node, fresh, known };
};
const task = (a: Account): EncodedMessage => ({ typeUrl: MsgCreateTask.typeUrl, value: MsgCreateTask.encode(MsgCreateTask.create({ client: a.address, spec: spec(nodeCrypto), fee: coin(1_000_000n), bond: coin(200_000n) })) });

for (const who of ["fresh", "known"] as const) {
  test(`gas as CosmJS simulates it is enough without any margin: ${who} account`, async (t) => {
    const s = await setUp(t);
    for (const [i, fee] of [[], FEE].entries()) {
      const messages = [send(s[who].address, address(`new${i}`)), task(s[who])];
      const gas = await simulated(s.node, s[who], messages, { ...COSMJS, fee });
      const [r] = await s.node.block([await s.node.tx(s[who], messages, { gas: Number(gas), fee })]);
      t.is(r?.code, 0, r?.log);
      t.true((r?.gasUsed ?? 0n) <= gas && gas - (r?.gasUsed ?? 0n) < 3_000n, `${gas} simulated, ${r?.gasUsed} used`);
    }
  });

  test(`gas as Keplr simulates it is enough with its margin of 1.3: ${who} account`, async (t) => {
    const s = await setUp(t);
    const messages = [send(s[who].address, address("new"))];
    const gas = await simulated(s.node, s[who], messages, { ...KEPLR, fee: FEE });
    const [r] = await s.node.block([await s.node.tx(s[who], messages, { gas: Math.floor(Number(gas) * 1.3), fee: FEE })]);
    t.is(r?.code, 0, r?.log);
  });
}

test("a simulation without a key writes the SDK's stand-in key, so that storing the real one is paid for", async (t) => {
  const { node, fresh } = await setUp(t);
  const messages = [send(fresh.address)];
  const [withKey, without] = [await simulated(node, fresh, messages, COSMJS), await simulated(node, fresh, messages, { ...COSMJS, key: false })];
  t.true(withKey > without && withKey - without < 10n * 80n, "only the bytes of the key make a difference");
});

test("a threshold key: gas is for the signatures that are there, each of them is indexed, spare bits are refused", async (t) => {
  const members = await Promise.all(["m0", "m1", "m2"].map((n) => Account.of(n)));
  const key = createMultisigThresholdPubkey(members.map((m) => encodeSecp256k1Pubkey(m.key)), 2, true);
  const owner = pubkeyToAddress(key, "pouw");
  const node = await TestNode.start(t, { balances: { [owner]: 1_000_000n } });
  const build = async (who: readonly number[], spare = 0): Promise<Uint8Array> => {
    const account = node.modules.keepers.auth.get(node.state, owner);
    const bits = who.reduce((b, i) => b | (128 >> i), spare);
    const multi = { bitarray: { extraBitsStored: 3, elems: Uint8Array.of(bits) }, modeInfos: who.map(() => ({ single: { mode: SignMode.SIGN_MODE_DIRECT } })) };
    const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [{ ...send(owner) }] })).finish();
    const authInfoBytes = AuthInfo.encode(
      AuthInfo.fromPartial({ signerInfos: [{ publicKey: encodePubkey(key), modeInfo: { multi } as never, sequence: account?.sequence ?? 0n }], fee: { gasLimit: 200_000n } }),
    ).finish();
    const doc = makeSignDoc(bodyBytes, authInfoBytes, NODE_CHAIN, Number(account?.accountNumber));
    const signatures = await Promise.all(who.map(async (i) => Uint8Array.from(Buffer.from((await (members[i] as Account).wallet.signDirect((members[i] as Account).address, doc)).signature.signature, "base64"))));
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [MultiSignature.encode({ signatures }).finish()] }).finish();
  };
  const [stored] = await node.block([await build([0, 1])]);
  t.is(stored?.code, 0, stored?.log);
  const twoTx = await build([0, 2]);
  const [two] = await node.block([twoTx]);
  const [three] = await node.block([await build([0, 1, 2])]);
  t.deepEqual([two?.code, three?.code], [0, 0], two?.log);
  const bytes = (await build([0, 1, 2])).length - twoTx.length;
  t.is((three?.gasUsed ?? 0n) - (two?.gasUsed ?? 0n), 1_000n + 10n * BigInt(bytes));
  t.is(two?.events.filter((e) => e.attributes.some((x) => x.key === "signature")).length, 3);
  t.is(node.check(await build([0, 1], 1)).code, 4);
  t.is(node.check(await build([0])).code, 4, "below the threshold");
});
