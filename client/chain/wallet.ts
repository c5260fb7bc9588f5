/** The wallet of a mnemonic. CosmJS stretches it in plain JavaScript, seconds a key on a small machine; Node's own gives the same seed in milliseconds. */
import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { EnglishMnemonic, Slip10, Slip10Curve, stringToPath } from "@cosmjs/crypto";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";

/** BIP-39: PBKDF2 of the words with SHA-512. */
const ROUNDS = 2048;
const SEED_BYTES = 64;
const PATH = stringToPath("m/44'/118'/0'/0/0");
const stretch = promisify(pbkdf2);

/** The private key at m/44'/118'/0'/0/0. Throws when the words are none of BIP-39 or their checksum is wrong. */
export async function privateKeyOf(mnemonic: string): Promise<Uint8Array> {
  const words = new EnglishMnemonic(mnemonic).toString();
  const seed = await stretch(words.normalize("NFKD"), "mnemonic", ROUNDS, SEED_BYTES, "sha512");
  return Slip10.derivePath(Slip10Curve.Secp256k1, Uint8Array.from(seed), PATH).privkey;
}

export const walletOf = async (mnemonic: string, prefix: string): Promise<DirectSecp256k1Wallet> => DirectSecp256k1Wallet.fromKey(await privateKeyOf(mnemonic), prefix);
