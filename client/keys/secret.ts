/** What a key is made of: the words of BIP-39, or a raw private key. */
import { randomBytes } from "node:crypto";
import { Bip39 } from "@cosmjs/crypto";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { walletOf } from "../chain/wallet.js";
import { CliError } from "../cli-error.js";

export type Secret = { readonly mnemonic: string } | { readonly privateKey: string };

const WORD_COUNTS = [12, 15, 18, 21, 24];

/** 24 words. */
export const newMnemonic = (): string => Bip39.encode(randomBytes(32)).toString();

/** Words as somebody typed them. Throws with what is wrong, and never repeats a word. */
export function mnemonicFrom(text: string): Secret {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!WORD_COUNTS.includes(words.length)) throw new CliError("key", `the mnemonic has ${words.length} words, want ${WORD_COUNTS.join(", ")}: give it whole, words apart by spaces.`);
  return { mnemonic: words.join(" ") };
}

/** 32 bytes in hexadecimal, as other wallets export them. */
export function privateKeyFrom(text: string): Secret {
  const hex = text.trim().replace(/^0x/, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new CliError("key", `the private key has ${hex.length} characters, want 64 of hexadecimal.`);
  return { privateKey: hex };
}

/** The wallet of a secret, for a chain with this address prefix. */
export async function walletFor(secret: Secret, prefix: string): Promise<DirectSecp256k1Wallet> {
  try {
    if ("privateKey" in secret) return await DirectSecp256k1Wallet.fromKey(Uint8Array.from(Buffer.from(secret.privateKey, "hex")), prefix);
    return await walletOf(secret.mnemonic, prefix);
  } catch (e) {
    throw new CliError("key", `not a ${"privateKey" in secret ? "private key" : "mnemonic"}: ${(e as Error).message}. Check it for a misspelt or swapped part.`);
  }
}

export async function addressOf(secret: Secret, prefix: string): Promise<string> {
  const [account] = await (await walletFor(secret, prefix)).getAccounts();
  if (!account) throw new Error("a wallet without an account");
  return account.address;
}
