/**
 * One queue for an account: sequences in order, several transactions in flight, resynchronised on code 32, broadcast
 * again until they stand in a block. A transaction is signed anew only when the chain's sequence has passed it and none
 * of the blocks since its first broadcast holds it: then it can never be in one, so nothing is ever executed twice. The
 * index alone does not tell: a node that was killed before it indexed a block never does.
 */
import { createHash } from "node:crypto";
import { encodePubkey, makeAuthInfoBytes, makeSignDoc, type OfflineDirectSigner } from "@cosmjs/proto-signing";
import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, Fee, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { ONE } from "#proto/dec.js";
import { FeesQuery } from "#proto/gen/pouw/fees/v1/query.js";
import { CliError } from "../cli-error.js";
import { type RpcChain } from "./rpc.js";
import { walletOf } from "./wallet.js";
import { type Chain, ChainError, type Message, type Sender, type SendOptions, type TxResult } from "./types.js";

export interface SenderOptions {
  readonly chain: Chain;
  readonly rpc?: string;
  readonly mnemonic?: string;
  readonly signer?: OfflineDirectSigner;
  readonly prefix?: string;
  /** fee per unit of gas in base units of `denom`; default: what the chain asks for at least */
  readonly gasPrice?: number;
  readonly denom?: string;
  /** the account that pays fees, where it is another one (feegrant) */
  readonly feeGranter?: string;
  /** how long a transaction that the node cannot take yet is offered again, ms; default: for ever */
  readonly patienceMs?: number;
  /** how long a block with a transaction that the node took is waited for, ms; default: for ever. After it `send` rejects with a CliError */
  readonly inclusionMs?: number;
  /** hears of every transaction that the node took; once more with another hash where it had to be signed anew */
  readonly onTaken?: (hash: string) => void;
  /** how long a transaction is waited for before it is offered again, ms; default 6000 */
  readonly rebroadcastMs?: number;
}

interface Job {
  readonly messages: readonly Message[];
  readonly memo: string;
  readonly beforeSigning: () => Promise<void>;
  gas: bigint | undefined;
  /** when the node first could not take it: the sequence is another one, or the mempool is full */
  heldSince?: number;
  /** when the node first took it */
  takenAt?: number;
  readonly resolve: (r: TxResult) => void;
  readonly reject: (e: Error) => void;
}

interface InFlight {
  readonly job: Job;
  readonly sequence: bigint;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  /** it is in no block at or below this height */
  readonly after: bigint;
  sentAt: number;
}

const WRONG_SEQUENCE = 32;
const MEMPOOL_FULL = 20;
const REBROADCAST_MS = 6000;
const POLL_MS = 300;
const FULL_WAIT_MS = 1000;
const HEIGHT_FRESH_MS = 5000;
const PRICE_FRESH_MS = 30_000;
const GAS_FACTOR = 15n;
const GAS_MARGIN = 60_000n;

/** As block explorers and the node write a hash. */
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString("hex").toUpperCase();

export async function openSender(chain: RpcChain, o: SenderOptions, prefix: string): Promise<Sender> {
  const signer = o.signer ?? (await walletOf(o.mnemonic ?? "", prefix));
  const [account] = await signer.getAccounts();
  if (!account) throw new Error("the signer has no account");
  return new Queue(chain, signer, account.address, account.pubkey, o);
}

class Queue implements Sender {
  private readonly waiting: Job[] = [];
  private readonly inFlight: InFlight[] = [];
  private running = false;
  private accountNumber: bigint | undefined;
  private next: bigint | undefined;
  private seen = 0n;
  private seenAt = Number.NEGATIVE_INFINITY;
  private asked: { readonly price: bigint; readonly denom: string } | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly chain: RpcChain,
    private readonly signer: OfflineDirectSigner,
    readonly address: string,
    private readonly pubkey: Uint8Array,
    private readonly o: SenderOptions,
  ) {}

  send(messages: readonly Message[], { memo = "", gas, beforeSigning = async () => {} }: SendOptions = {}): Promise<TxResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, memo, gas, beforeSigning, resolve, reject });
      if (!this.running) {
        this.running = true;
        void this.run();
      }
    });
  }

  private async run(): Promise<void> {
    try {
      while (this.waiting.length > 0 || this.inFlight.length > 0) {
        while (this.waiting.length > 0 && (await this.dispatch())) {
          // one after another, so that sequences go out in order
        }
        if (this.inFlight.length > 0) {
          await new Promise((r) => setTimeout(r, POLL_MS));
          await this.collect();
        }
      }
    } catch (e) {
      // the connection was given up: whoever waits hears of it
      for (const { job } of this.inFlight.splice(0)) job.reject(e as Error);
      for (const job of this.waiting.splice(0)) job.reject(e as Error);
    } finally {
      this.running = false;
    }
  }

  private async resync(): Promise<void> {
    const account = await this.chain.account(this.address);
    if (!account) throw new ChainError("sdk", 9, `account ${this.address} is not on the chain ${this.chain.chainId}: send it coins first, or give --from another key`);
    this.accountNumber = account.accountNumber;
    this.next = account.sequence;
  }

  /** Broadcasts the first waiting job; false when it must wait for what is in flight. */
  private async dispatch(): Promise<boolean> {
    const job = this.waiting[0] as Job;
    try {
      if (this.next === undefined) {
        if (this.inFlight.length > 0) return false;
        await this.resync();
      }
      try {
        await job.beforeSigning();
      } catch (e) {
        this.waiting.shift();
        job.reject(e as Error);
        return true;
      }
      job.gas ??= await this.estimate(job);
      const bytes = await this.sign(job, this.next as bigint);
      const hash = new Uint8Array(createHash("sha256").update(bytes).digest());
      const tx: InFlight = { job, sequence: this.next as bigint, bytes, hash, after: await this.height(), sentAt: Date.now() };
      try {
        await this.chain.broadcast(bytes);
      } catch (e) {
        // the connection may have been lost when the node had taken it, and the second attempt found it executed
        if (!(e instanceof ChainError) || e.codespace !== "sdk" || e.code !== WRONG_SEQUENCE || !(await this.settle(tx))) throw e;
        this.waiting.shift();
        return true;
      }
      this.inFlight.push(tx);
      job.takenAt ??= Date.now();
      this.o.onTaken?.(hex(hash));
      this.next = (this.next as bigint) + 1n;
      this.waiting.shift();
      return true;
    } catch (e) {
      if (!(e instanceof ChainError)) throw e;
      if (this.mayPass(e, job)) {
        this.next = undefined;
        if (this.inFlight.length === 0) await new Promise((r) => setTimeout(r, e.code === MEMPOOL_FULL ? FULL_WAIT_MS : POLL_MS));
        return this.inFlight.length === 0;
      }
      this.waiting.shift();
      job.reject(e);
      return true;
    }
  }

  /** Refusals that time mends: another transaction of this account goes first, or the mempool is full. */
  private mayPass(e: ChainError, job: Job): boolean {
    if (e.codespace !== "sdk" || (e.code !== WRONG_SEQUENCE && e.code !== MEMPOOL_FULL)) return false;
    job.heldSince ??= Date.now();
    return Date.now() - job.heldSince < (this.o.patienceMs ?? Number.POSITIVE_INFINITY);
  }

  private async collect(): Promise<void> {
    // a copy: what is settled leaves the list on the way
    for (const tx of this.inFlight.slice()) {
      const result = await this.chain.transaction(tx.hash);
      if (result) {
        this.inFlight.splice(this.inFlight.indexOf(tx), 1);
        tx.job.resolve(result);
        continue;
      }
      const waited = Date.now() - (tx.job.takenAt ?? tx.sentAt);
      if (waited >= (this.o.inclusionMs ?? Number.POSITIVE_INFINITY)) {
        this.inFlight.splice(this.inFlight.indexOf(tx), 1);
        // whether it uses its sequence is for a later block to say
        this.next = undefined;
        tx.job.reject(new CliError("pending", `${hex(tx.hash)} was taken by the node, and is not in a block yet after ${Math.round(waited / 1000)} s. It may still be executed: look for it later with \`pouwd tx-result ${hex(tx.hash)}\` before you send it again; \`pouwd status\` shows whether the chain makes blocks.`));
        continue;
      }
      if (Date.now() - tx.sentAt < (this.o.rebroadcastMs ?? REBROADCAST_MS)) continue;
      const account = await this.chain.account(this.address);
      if (account && account.sequence > tx.sequence) {
        // seen in a block between the two questions, in one that is not indexed, or never to be in one
        this.inFlight.splice(this.inFlight.indexOf(tx), 1);
        if (!(await this.settle(tx))) this.waiting.unshift(tx.job);
        continue;
      }
      tx.sentAt = Date.now();
      await this.chain.broadcast(tx.bytes).catch((e: Error) => {
        if (!(e instanceof ChainError)) throw e;
        if (e.codespace === "sdk" && (e.code === WRONG_SEQUENCE || e.code === MEMPOOL_FULL)) return;
        this.inFlight.splice(this.inFlight.indexOf(tx), 1);
        tx.job.reject(e);
        this.next = undefined;
      });
    }
  }

  /** Ends the job of a transaction whose sequence has passed; false when it can never be executed and is to be signed anew. */
  private async settle(tx: InFlight): Promise<boolean> {
    this.next = undefined;
    try {
      const done = await this.executed(tx);
      if (done) tx.job.resolve(done);
      return done !== undefined;
    } catch (e) {
      if (!(e instanceof CliError)) throw e;
      tx.job.reject(e);
      return true;
    }
  }

  /** The result in a block since the first broadcast, indexed or not. Throws when the node cannot tell. */
  private async executed(tx: InFlight): Promise<TxResult | undefined> {
    const indexed = await this.chain.transaction(tx.hash);
    if (indexed) return indexed;
    const { height } = await this.chain.latest();
    try {
      return await this.chain.searchBlocks(tx.hash, tx.after + 1n, height);
    } catch (e) {
      if (!(e instanceof CliError)) throw e;
      throw new CliError("pending", `whether ${hex(tx.hash)} was executed cannot be told, for the node has not all blocks from ${tx.after + 1n} to ${height} (${(e as Error).message}): look it up at another node before you send it again`);
    }
  }

  /** A recent height: one that is a few blocks old only means that more are looked through. */
  private async height(): Promise<bigint> {
    if (Date.now() - this.seenAt > HEIGHT_FRESH_MS) {
      this.seen = (await this.chain.latest()).height;
      this.seenAt = Date.now();
    }
    return this.seen;
  }

  private body(job: Job): Uint8Array {
    const messages = job.messages.map((m) => ({ typeUrl: m.codec.typeUrl, value: m.codec.encode(m.value) }));
    return TxBody.encode(TxBody.fromPartial({ messages, memo: job.memo })).finish();
  }

  /** Gas used in a simulation, half as much again, and some. Throws ChainError when the messages would fail. */
  private async estimate(job: Job): Promise<bigint> {
    const authInfo = AuthInfo.encode(
      AuthInfo.fromPartial({
        signerInfos: [{ publicKey: encodePubkey(encodeSecp256k1Pubkey(this.pubkey)), modeInfo: { single: { mode: SignMode.SIGN_MODE_UNSPECIFIED } }, sequence: this.next as bigint }],
        fee: Fee.fromPartial({}),
      }),
    ).finish();
    const txBytes = TxRaw.encode({ bodyBytes: this.body(job), authInfoBytes: authInfo, signatures: [new Uint8Array(0)] }).finish();
    return ((await this.chain.simulate(txBytes)) * GAS_FACTOR) / 10n + GAS_MARGIN;
  }

  /** For a unit of gas, in 10^-18 base units. The chain's own can change by a vote. */
  private async gasPrice(): Promise<{ readonly price: bigint; readonly denom: string }> {
    const { gasPrice, denom } = this.o;
    if (gasPrice !== undefined && denom) return { price: BigInt(Math.ceil(gasPrice * 1e9)) * 1_000_000_000n, denom };
    if (!this.asked || Date.now() - this.askedAt > PRICE_FRESH_MS) {
      const { value } = await this.chain.query(FeesQuery.methods.params, {});
      this.asked = { price: BigInt(value.params?.minGasPrice || "0"), denom: value.denom };
      this.askedAt = Date.now();
    }
    return this.asked;
  }

  private async sign(job: Job, sequence: bigint): Promise<Uint8Array> {
    const gas = job.gas ?? 0n;
    const { price, denom } = await this.gasPrice();
    // Prices have 18 places.
    const amount = (gas * price + ONE - 1n) / ONE;
    const fee = amount > 0n ? [{ denom, amount: `${amount}` }] : [];
    const pubkey = encodePubkey(encodeSecp256k1Pubkey(this.pubkey));
    const auth = makeAuthInfoBytes([{ pubkey, sequence: Number(sequence) }], fee, Number(gas), this.o.feeGranter, undefined);
    const doc = makeSignDoc(this.body(job), auth, this.chain.chainId, Number(this.accountNumber));
    const { signed, signature } = await this.signer.signDirect(this.address, doc);
    return TxRaw.encode({ bodyBytes: signed.bodyBytes, authInfoBytes: signed.authInfoBytes, signatures: [Buffer.from(signature.signature, "base64")] }).finish();
  }
}
