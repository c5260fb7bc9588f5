/** What a daemon needs of the chain. One implementation over CometBFT's RPC stands in rpc.ts. */
import { type Codec, type MethodInfo, type RequestOf, type ResponseOf } from "#proto/wire.js";

export interface BlockHeader {
  readonly height: bigint;
  readonly timeMs: number;
  readonly appHash: Uint8Array;
}

export interface TxResult {
  readonly hash: string;
  readonly height: bigint;
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasUsed: bigint;
  readonly events: readonly { type: string; attributes: readonly { key: string; value: string }[] }[];
  /** TxMsgData.msg_responses, in order */
  readonly responses: readonly { typeUrl: string; value: Uint8Array }[];
}

export interface Message<T = unknown> {
  readonly codec: Codec<T>;
  readonly value: T;
}

export interface Chain {
  readonly chainId: string;
  /**
   * A query by its entry in a generated table, such as TasksQuery.methods.task: fields left out have their defaults; without
   * a height the newest state answers, and its height is told. Throws ChainError with the application's code and log.
   */
  query<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>>, height?: bigint): Promise<{ value: ResponseOf<M>; height: bigint }>;
  /** New blocks, each once, in order, from the newest on; reconnects by itself, fills what it missed. */
  blocks(signal: AbortSignal): AsyncIterable<BlockHeader>;
  latest(): Promise<BlockHeader>;
  /** what tells this chain from every other, also from one of the same id that was started anew */
  genesisHash(): Promise<Uint8Array>;
}

export interface SendOptions {
  readonly memo?: string;
  /** default: estimated by a simulation */
  readonly gas?: bigint;
  /**
   * Asked before every signing, when the account's sequence has been read; a throw rejects the send. What it sees on
   * chain decides: a transaction signed with an older sequence has been executed by then, or never will be.
   */
  readonly beforeSigning?: () => Promise<void>;
}

/** One queue for an account: sequences in order, resync on code 32, rebroadcast until committed. */
export interface Sender {
  readonly address: string;
  /** Resolves when the transaction is in a block (whatever its code); rejects with ChainError when CheckTx refuses it for good. */
  send(messages: readonly Message[], options?: SendOptions): Promise<TxResult>;
}

/** A refusal of the chain: codespace, code and the application's own one-line log. */
export class ChainError extends Error {
  constructor(
    readonly codespace: string,
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "ChainError";
  }
}
