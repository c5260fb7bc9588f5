/** The snapshot connection: this version makes no snapshots and takes none. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { type AbciApplication } from "./types.js";

export const noSnapshots: Pick<AbciApplication, "listSnapshots" | "offerSnapshot" | "loadSnapshotChunk" | "applySnapshotChunk"> = {
  listSnapshots: () => abci.ResponseListSnapshots.fromPartial({}),
  offerSnapshot: () => abci.ResponseOfferSnapshot.fromPartial({ result: abci.ResponseOfferSnapshot_Result.REJECT }),
  loadSnapshotChunk: () => abci.ResponseLoadSnapshotChunk.fromPartial({}),
  applySnapshotChunk: () => abci.ResponseApplySnapshotChunk.fromPartial({ result: abci.ResponseApplySnapshotChunk_Result.ABORT }),
};
