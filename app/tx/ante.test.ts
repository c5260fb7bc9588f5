import "#platform/install.js";
import { encodePubkey, DirectSecp256k1HdWallet, makeAuthInfoBytes, makeSignDoc } from "@cosmjs/proto-signing";
import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import test from "ava";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../modules.js";
import { openMultiStore, Overlay } from "../store/index.js";
import { defaultParams } from "#modules/params/index.js";
import { environment } from "#test/modules/world.js";
import { AppContext } from "./context.js";
import { executeTx } from "./execute.js";

const NONE = new Uint8Array(0);

test("a transaction with more signatures than signers is refused, so that nobody else can change its hash", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "pouwd-ante-"));
  const modules = assemble();
  const store = await openMultiStore(dir, { names: modules.stores, keepVersions: 1 });
  t.teardown(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });
  const block = { chainId: "test-1", height: 1n, timeMs: 0n, timeNs: 0n, proposer: NONE, beaconSignature: NONE, votes: [], totalPower: 0n };
  const wallet = await DirectSecp256k1HdWallet.generate(12, { prefix: "pouw" });
  const [account] = await wallet.getAccounts();
  if (!account) throw new Error("no account");
  const fresh = (): AppContext => {
    const ctx = new AppContext(environment, block, new Overlay(store.latest()));
    modules.keepers.params.set(ctx, { ...defaultParams("upouw"), target0: new Uint8Array(32).fill(1) });
    modules.modules.find((m) => m.name === "bank")?.initGenesis?.(ctx, { balances: [{ address: account.address, coins: [{ denom: "upouw", amount: "100" }] }] });
    return ctx;
  };

  const value = MsgSend.encode(MsgSend.fromPartial({ fromAddress: account.address, toAddress: account.address, amount: [{ denom: "upouw", amount: "1" }] })).finish();
  const body = TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }] })).finish();
  const auth = makeAuthInfoBytes([{ pubkey: encodePubkey(encodeSecp256k1Pubkey(account.pubkey)), sequence: 0n }], [], 200_000, undefined, undefined);
  const { signature } = await wallet.signDirect(account.address, makeSignDoc(body, auth, "test-1", 0));
  const tx = (...signatures: Uint8Array[]) => TxRaw.encode(TxRaw.fromPartial({ bodyBytes: body, authInfoBytes: auth, signatures })).finish();
  const good = Uint8Array.from(Buffer.from(signature.signature, "base64"));
  const run = (bytes: Uint8Array) => executeTx(fresh(), bytes, "deliver", { router: modules.router, deps: modules.keepers });

  t.is(run(tx(good)).code, 0, run(tx(good)).log);
  const more = run(tx(good, Uint8Array.of(1)));
  t.is(more.code, 4);
  t.is(more.log, "wrong number of signers; expected 1, got 2: unauthorized");
});
