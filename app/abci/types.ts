/** ABCI 2.0 as this node answers it: one method per request of CometBFT v0.38, messages as cosmjs-types has them. */
import type {
  RequestApplySnapshotChunk,
  RequestCheckTx,
  RequestCommit,
  RequestExtendVote,
  RequestFinalizeBlock,
  RequestInfo,
  RequestInitChain,
  RequestListSnapshots,
  RequestLoadSnapshotChunk,
  RequestOfferSnapshot,
  RequestPrepareProposal,
  RequestProcessProposal,
  RequestQuery,
  RequestVerifyVoteExtension,
  ResponseApplySnapshotChunk,
  ResponseCheckTx,
  ResponseCommit,
  ResponseExtendVote,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseInitChain,
  ResponseListSnapshots,
  ResponseLoadSnapshotChunk,
  ResponseOfferSnapshot,
  ResponsePrepareProposal,
  ResponseProcessProposal,
  ResponseQuery,
  ResponseVerifyVoteExtension,
} from "cosmjs-types/tendermint/abci/types";

type Method<Q, R> = (request: Q) => R | Promise<R>;

/** Echo and Flush are the server's own. A throw of anything but checkTx and query stops the node. */
export interface AbciApplication {
  info: Method<RequestInfo, ResponseInfo>;
  initChain: Method<RequestInitChain, ResponseInitChain>;
  checkTx: Method<RequestCheckTx, ResponseCheckTx>;
  prepareProposal: Method<RequestPrepareProposal, ResponsePrepareProposal>;
  processProposal: Method<RequestProcessProposal, ResponseProcessProposal>;
  extendVote: Method<RequestExtendVote, ResponseExtendVote>;
  verifyVoteExtension: Method<RequestVerifyVoteExtension, ResponseVerifyVoteExtension>;
  finalizeBlock: Method<RequestFinalizeBlock, ResponseFinalizeBlock>;
  commit: Method<RequestCommit, ResponseCommit>;
  query: Method<RequestQuery, ResponseQuery>;
  listSnapshots: Method<RequestListSnapshots, ResponseListSnapshots>;
  offerSnapshot: Method<RequestOfferSnapshot, ResponseOfferSnapshot>;
  loadSnapshotChunk: Method<RequestLoadSnapshotChunk, ResponseLoadSnapshotChunk>;
  applySnapshotChunk: Method<RequestApplySnapshotChunk, ResponseApplySnapshotChunk>;
}

export interface AbciLog {
  info(message: string): void;
  error(message: string): void;
}

export interface AbciOptions {
  /** Longest request or response in bytes; CometBFT's own limit (100 MiB) when not given. */
  maxMessageBytes?: number;
  log?: AbciLog;
}

export interface AbciServer {
  /** as given, with the port that was taken when port 0 was asked for */
  readonly address: string;
  close(): Promise<void>;
  /** Resolves when the application threw: its state cannot be trusted, so the process should end and be started again. */
  readonly failed: Promise<Error>;
}
