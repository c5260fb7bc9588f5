/** What the engine knows and queries ask it for: a port, which `engine-rpc.ts` fills. Each method rejects with the engine's own text. */
import type * as abci from "cosmjs-types/tendermint/abci/types";
import { type ABCIQueryResponse } from "#proto/gen/cosmos/base/tendermint/v1beta1/query.js";
import { type DefaultNodeInfo } from "#proto/gen/tendermint/p2p/types.js";
import { type Block } from "#proto/gen/tendermint/types/block.js";
import { type BlockID } from "#proto/gen/tendermint/types/types.js";

/** A transaction in a block. */
export interface IndexedTx {
  readonly hash: Uint8Array;
  readonly height: number;
  /** as it stands in the block */
  readonly bytes: Uint8Array;
  readonly result: abci.ExecTxResult;
}

export interface TxSearch {
  /** CometBFT's query language */
  readonly query: string;
  /** from 1 */
  readonly page: number;
  readonly perPage: number;
  readonly order: "asc" | "desc";
}

/** The engine's index of transactions. */
export interface TxIndex {
  /** undefined where no transaction has this hash */
  tx(hash: Uint8Array): Promise<IndexedTx | undefined>;
  search(request: TxSearch): Promise<{ readonly txs: readonly IndexedTx[]; readonly total: number }>;
  /** of a block, in milliseconds */
  time(height: number): Promise<number>;
}

export interface EngineBlock {
  readonly blockId: BlockID;
  readonly block: Block;
}

/** One place in the set of validators. */
export interface EngineValidator {
  /** consensus address, 20 bytes */
  readonly address: Uint8Array;
  /** ed25519, 32 bytes */
  readonly key: Uint8Array;
  readonly power: bigint;
  readonly priority: bigint;
}

export interface EngineStatus {
  readonly node: DefaultNodeInfo;
  readonly syncing: boolean;
  /** of the newest block */
  readonly height: number;
}

/** What the mempool said; `code` 0 where it was not asked. */
export interface Broadcast {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly data: Uint8Array;
}

export interface Engine extends TxIndex {
  status(): Promise<EngineStatus>;
  /** the newest block where no height is given */
  block(height?: number): Promise<EngineBlock>;
  /** the set that signs the block of a height; page from 1 */
  validators(height: number | undefined, page: number, perPage: number): Promise<{ readonly height: number; readonly validators: readonly EngineValidator[]; readonly total: number }>;
  /** an ABCI query, with a proof where one is wanted */
  query(path: string, data: Uint8Array, height: bigint, prove: boolean): Promise<ABCIQueryResponse>;
  /** `wait`: until the mempool has looked at it */
  broadcast(tx: Uint8Array, wait: boolean): Promise<Broadcast>;
}
