/** The SDK's view of a chain: connect, query, send. */
import { makeAddresses } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { type ConnectOptions, RpcChain } from "./rpc.js";
import { openSender, type SenderOptions } from "./sender.js";
import { type Chain, ChainError, type Sender } from "./types.js";

export { type ConnectOptions, RpcChain } from "./rpc.js";
export { type SenderOptions } from "./sender.js";
export * from "./types.js";

/** Connects, and asks for the chain's address prefix. Waits for a node that is not up yet. */
export async function connectChain(options: ConnectOptions): Promise<RpcChain> {
  const chain = await RpcChain.connect(options);
  const prefix = await prefixOf(chain);
  if (prefix) chain.addresses = makeAddresses(prefix, nodeCrypto);
  return chain;
}

async function prefixOf(chain: RpcChain): Promise<string | undefined> {
  try {
    return (await chain.query(AuthQuery.methods.bech32Prefix, {})).value.bech32Prefix;
  } catch (e) {
    if (e instanceof ChainError) return undefined;
    throw e;
  }
}

/** A sender for an account given by mnemonic (m/44'/118'/0'/0/0) or by a CosmJS signer. */
export async function createSender(options: SenderOptions): Promise<Sender> {
  if (!(options.chain instanceof RpcChain)) throw new Error("createSender wants the chain that connectChain answered");
  if (!options.mnemonic && !options.signer) throw new Error("createSender wants a mnemonic or a signer");
  return openSender(options.chain, options, options.prefix ?? options.chain.addresses.prefix);
}

export type { Chain };
