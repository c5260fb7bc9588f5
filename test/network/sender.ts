/** Accounts of a network that a test sends from, by their names. */
import { connectChain, createSender, type Message, type RpcChain } from "#client/chain/index.js";
import type { Codec } from "#proto/wire.js";
import type { TxResult } from "#client/chain/types.js";
import type { TestNetwork } from "./network.js";

/** Given, because asking the chain for it would refuse a transaction that is meant to fail. */
const GAS = 1_000_000n;

export const message = <T>(codec: Codec<T>, value: T): Message => ({ codec, value }) as Message;

export interface NamedSender {
  readonly address: string;
  readonly chain: RpcChain;
  /** Resolves whether the transaction succeeded or failed. */
  send(...messages: Message[]): Promise<TxResult>;
}

export async function sender(network: TestNetwork, name: string, o: { readonly feeGranter?: string } = {}): Promise<NamedSender> {
  const account = network.facts().accounts.find((a) => a.name === name);
  if (!account) throw new Error(`no account ${name}`);
  const chain = await connectChain({ rpc: network.rpc });
  const queue = await createSender({ chain, mnemonic: account.mnemonic, ...o });
  return { address: account.address, chain, send: (...messages) => queue.send(messages, { gas: GAS }) };
}
