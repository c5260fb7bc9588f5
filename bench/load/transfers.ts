/** Accounts, and bank transfers of theirs that are signed before any clock runs. */
import { createHash } from "node:crypto";
import { DirectSecp256k1HdWallet, encodePubkey, makeAuthInfoBytes, makeSignBytes, makeSignDoc } from "@cosmjs/proto-signing";
import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { QueryClient, setupAuthExtension, setupBankExtension, SigningStargateClient } from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import secp256k1 from "secp256k1";
import { makeAddresses, secp256k1Address } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type Facts } from "#testnet/facts.js";

const FUNDS = 1_000_000_000n;
const GAS = 200_000;
/** base units, at the least price */
const FEE = BigInt(GAS / 1000);
/** Senders whose accounts one transaction makes: a transaction has a tenth of a block. */
const FUNDED_AT_ONCE = 200;
const FUNDING_GAS = 25_000_000;

interface Party {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly sender: string;
  /** gets what `sender` sends, and nothing else */
  readonly receiver: string;
  accountNumber: number;
  sequence: number;
  /** base units that the receiver must have by now */
  received: bigint;
  /** fees of all that was signed */
  paid: bigint;
}

const seed = (what: string): Uint8Array => new Uint8Array(createHash("sha256").update(`pouw bench/${what}`).digest());

/** Each of `count` senders pays a receiver of its own, so that no account is touched by every transaction. */
export class Transfers {
  private constructor(
    private readonly facts: Facts,
    private readonly parties: readonly Party[],
    private readonly query: ReturnType<typeof QueryClient.withExtensions<ReturnType<typeof setupBankExtension>, ReturnType<typeof setupAuthExtension>>>,
  ) {}

  /** Makes the accounts and funds them, in one transaction of alice's. */
  static async open(facts: Facts, count: number): Promise<Transfers> {
    const { prefix, denom } = facts;
    const addresses = makeAddresses(prefix, nodeCrypto);
    const rpc = facts.validators[0]?.rpc as string;
    const parties = Array.from({ length: count }, (_, i): Party => {
      const secret = seed(`sender/${i}`);
      const publicKey = secp256k1.publicKeyCreate(secret);
      return { secret, publicKey, sender: addresses.format(secp256k1Address(nodeCrypto, publicKey)), receiver: addresses.format(seed(`receiver/${i}`).slice(0, 20)), accountNumber: 0, sequence: 0, received: 0n, paid: 0n };
    });

    const alice = facts.accounts.find((a) => a.name === "alice");
    if (!alice) throw new Error("bench: the network has no alice");
    const wallet = await DirectSecp256k1HdWallet.fromMnemonic(alice.mnemonic, { prefix });
    const client = await SigningStargateClient.connectWithSigner(rpc, wallet, { broadcastPollIntervalMs: 200, broadcastTimeoutMs: 120_000 });
    const coins = (amount: bigint) => [{ denom, amount: `${amount}` }];
    // Receivers get their account with a first unit: transfers between known accounts are what a chain mostly does.
    for (let at = 0; at < count; at += FUNDED_AT_ONCE) {
      const some = parties.slice(at, at + FUNDED_AT_ONCE);
      const outputs = some.flatMap((p) => [
        { address: p.sender, coins: coins(FUNDS) },
        { address: p.receiver, coins: coins(1n) },
      ]);
      const value = MsgMultiSend.fromPartial({ inputs: [{ address: alice.address, coins: coins((FUNDS + 1n) * BigInt(some.length)) }], outputs });
      const done = await client.signAndBroadcast(alice.address, [{ typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value }], { amount: coins(BigInt(FUNDING_GAS / 1000)), gas: `${FUNDING_GAS}` });
      if (done.code !== 0) throw new Error(`bench: funding failed: ${done.rawLog}`);
    }
    client.disconnect();

    const query = QueryClient.withExtensions(await Comet38Client.connect(rpc), setupBankExtension, setupAuthExtension);
    for (const p of parties) {
      const account = await query.auth.account(p.sender);
      if (!account) throw new Error(`bench: ${p.sender} was not funded`);
      p.accountNumber = Number(BaseAccount.decode(account.value).accountNumber);
    }
    return new Transfers(facts, parties, query);
  }

  /** `each` transfers of every sender, dealt to `lists` lists; a sender's stay in one list, in the order of their sequences. */
  sign(lists: number, each: number): Uint8Array[][] {
    const dealt = Array.from({ length: lists }, () => [] as Uint8Array[]);
    for (let n = 0; n < each; n++) this.parties.forEach((p, i) => (dealt[i % lists] as Uint8Array[]).push(this.transfer(p, 1n + BigInt((i + n) % 7))));
    return dealt;
  }

  private transfer(p: Party, amount: bigint): Uint8Array {
    const value = MsgSend.encode(MsgSend.fromPartial({ fromAddress: p.sender, toAddress: p.receiver, amount: [{ denom: this.facts.denom, amount: `${amount}` }] })).finish();
    const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }] })).finish();
    const authInfoBytes = makeAuthInfoBytes([{ pubkey: encodePubkey(encodeSecp256k1Pubkey(p.publicKey)), sequence: p.sequence++ }], [{ denom: this.facts.denom, amount: `${FEE}` }], GAS, undefined, undefined);
    const signed = makeSignBytes(makeSignDoc(bodyBytes, authInfoBytes, this.facts.chainId, p.accountNumber));
    const { signature } = secp256k1.ecdsaSign(createHash("sha256").update(signed).digest(), p.secret);
    p.received += amount;
    p.paid += FEE;
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
  }

  /** Throws unless every balance moved by exactly what was signed so far. Answers how much that is in all. */
  async check(): Promise<bigint> {
    const { denom } = this.facts;
    let sum = 0n;
    for (const p of this.parties) {
      const got = async (address: string) => BigInt((await this.query.bank.balance(address, denom)).amount);
      const [sender, receiver] = [await got(p.sender), await got(p.receiver)];
      if (sender !== FUNDS - p.received - p.paid || receiver !== 1n + p.received) {
        throw new Error(`bench: ${p.sender} has ${sender} and its receiver ${receiver}, want ${FUNDS - p.received} and ${1n + p.received}`);
      }
      sum += p.received;
    }
    return sum;
  }
}
