/**
 * The accounts of a local network: public test keys, the same at every run. Never fund them.
 * A name's mnemonic comes from sha256("pouw testnet account/" + name), so everybody can derive it.
 */
import { createHash } from "node:crypto";
import { Bip39 } from "@cosmjs/crypto";
import { walletOf } from "#client/chain/wallet.js";

export interface Account {
  readonly name: string;
  readonly address: string;
  readonly mnemonic: string;
}

export async function testAccount(name: string, prefix: string): Promise<Account> {
  const entropy = createHash("sha256").update(`pouw testnet account/${name}`).digest().subarray(0, 16);
  const mnemonic = Bip39.encode(entropy).toString();
  const wallet = await walletOf(mnemonic, prefix);
  const [first] = await wallet.getAccounts();
  if (!first) throw new Error(`no account from the mnemonic of ${name}`);
  return { name, address: first.address, mnemonic };
}
