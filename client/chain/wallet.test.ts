import { DirectSecp256k1HdWallet } from "@cosmjs/proto-signing";
import test from "ava";
import { walletOf } from "./wallet.js";

const WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

test("a mnemonic gives the account that CosmJS derives from it", async (t) => {
  const [ours] = await (await walletOf(WORDS, "cosmos")).getAccounts();
  const [theirs] = await (await DirectSecp256k1HdWallet.fromMnemonic(WORDS)).getAccounts();
  t.deepEqual(ours, theirs);
  t.is(ours?.address, "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
});

test("words that are no mnemonic are refused", async (t) => {
  await t.throwsAsync(walletOf(`${WORDS} about`, "cosmos"), { message: /mnemonic/i });
  await t.throwsAsync(walletOf(WORDS.replace("about", "abandon"), "cosmos"), { message: /checksum/i });
  await t.throwsAsync(walletOf(WORDS.replace("about", "abbout"), "cosmos"), { message: /word/i });
});
