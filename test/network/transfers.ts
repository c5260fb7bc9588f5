/** Steady bank transfers beside a task, so that a test can tell whether a committed transaction was ever lost. */
import { DirectSecp256k1HdWallet } from "@cosmjs/proto-signing";
import { QueryClient, SigningStargateClient, setupBankExtension } from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import { rpc, sleep, until } from "#testnet/rpc.js";
import { type TestNetwork } from "./network.js";

const GAS = 200_000;

/** Bob gets one unit more with every transfer that was committed: 1, 2, 3, … so that the sum names the set. */
export class Transfers {
  private readonly sent: { readonly hash: string; readonly height: number; readonly amount: bigint }[] = [];
  private going = true;
  private readonly loop: Promise<void>;

  constructor(private readonly network: TestNetwork) {
    this.loop = this.run();
  }

  private account(name: string) {
    const found = this.network.facts().accounts.find((a) => a.name === name);
    if (!found) throw new Error(`no account ${name}`);
    return found;
  }

  private async run(): Promise<void> {
    const { prefix, denom, validators } = this.network.facts();
    const alice = this.account("alice");
    const wallet = await DirectSecp256k1HdWallet.fromMnemonic(alice.mnemonic, { prefix });
    for (let i = 0; this.going; i++) {
      const amount = BigInt(this.sent.length + 1);
      try {
        // Each goes to another validator, also to those that are being killed.
        const client = await SigningStargateClient.connectWithSigner(validators[i % validators.length]?.rpc ?? "", wallet, { broadcastPollIntervalMs: 300, broadcastTimeoutMs: 20_000 });
        const done = await client.sendTokens(alice.address, this.account("bob").address, [{ denom, amount: `${amount}` }], { amount: [{ denom, amount: `${GAS / 1000}` }], gas: `${GAS}` }, `${i}`);
        if (done.code === 0) this.sent.push({ hash: done.transactionHash, height: done.height, amount });
      } catch {
        // A node that is down, or a time-out: nothing was promised, the next transfer has its turn.
      }
      await sleep(500);
    }
  }

  /** Sends no more. */
  async stop(): Promise<void> {
    this.going = false;
    await this.loop;
  }

  /** Stops; the transfers that a node reported as committed and that some validator does not have, and bob's balance against them. */
  async audit(): Promise<{ committed: number; missing: string[]; short: bigint }> {
    await this.stop();
    const { validators, denom } = this.network.facts();
    const missing: string[] = [];
    for (const v of validators) {
      for (const s of this.sent) {
        await until(`transaction ${s.hash} on ${v.name}`, 30_000, async () => {
          const { height, tx_result } = await rpc<{ height: string; tx_result: { code: number } }>(v.rpc, `/tx?hash=0x${s.hash}`);
          return Number(height) === s.height && tx_result.code === 0 ? true : undefined;
        }).catch(() => missing.push(`${s.hash} on ${v.name}`));
      }
    }
    const client = QueryClient.withExtensions(await Comet38Client.connect(this.network.rpc), setupBankExtension);
    const { amount } = await client.bank.balance(this.account("bob").address, denom);
    // A transfer may be committed without the sender hearing of it: bob then has more, never less.
    const promised = this.sent.reduce((n, s) => n + s.amount, 0n);
    const gained = BigInt(amount) - 1_000_000_000_000n;
    return { committed: this.sent.length, missing, short: gained < promised ? promised - gained : 0n };
  }
}
