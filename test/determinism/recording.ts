/**
 * A recorded chain: gzip over length-delimited ABCI messages, as they stand on CometBFT's socket. The first is
 * Request{initChain}; then for each height Request{finalizeBlock} and Response{finalizeBlock}, of which the response
 * holds only what the network agreed on: app hash, validator updates, and of each result code, data and gas.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { FrameReader, lengthPrefix } from "#app/abci/framing.js";

export interface RecordedBlock {
  readonly request: abci.RequestFinalizeBlock;
  readonly agreed: abci.ResponseFinalizeBlock;
}

export interface Recording {
  readonly initChain: abci.RequestInitChain;
  readonly blocks: readonly RecordedBlock[];
}

/** What validators must answer alike: CometBFT hashes these fields of a result into the next header, and no others. */
export function agreedPart(r: abci.ResponseFinalizeBlock): abci.ResponseFinalizeBlock {
  return abci.ResponseFinalizeBlock.fromPartial({
    txResults: r.txResults.map(({ code, data, gasWanted, gasUsed }) => ({ code, data, gasWanted, gasUsed })),
    validatorUpdates: r.validatorUpdates,
    consensusParamUpdates: r.consensusParamUpdates,
    appHash: r.appHash,
  });
}

export const initChainFrame = (initChain: abci.RequestInitChain): Uint8Array => abci.Request.encode(abci.Request.fromPartial({ initChain })).finish();
export const finalizeBlockFrame = (finalizeBlock: abci.RequestFinalizeBlock): Uint8Array => abci.Request.encode(abci.Request.fromPartial({ finalizeBlock })).finish();
const agreedFrame = (agreed: abci.ResponseFinalizeBlock): Uint8Array => abci.Response.encode(abci.Response.fromPartial({ finalizeBlock: agreed })).finish();

export function encodeRecording({ initChain, blocks }: Recording): Uint8Array {
  const frames = [initChainFrame(initChain), ...blocks.flatMap((b) => [finalizeBlockFrame(b.request), agreedFrame(b.agreed)])];
  return gzipSync(Buffer.concat(frames.flatMap((f) => [lengthPrefix(f.length), f])), { level: 9 });
}

export function decodeRecording(bytes: Uint8Array): Recording {
  const [first, ...rest] = new FrameReader().push(gunzipSync(bytes));
  const initChain = first && abci.Request.decode(first).initChain;
  if (!initChain) throw new Error("the recording does not begin with InitChain");
  if (rest.length === 0 || rest.length % 2 !== 0) throw new Error(`the recording has ${rest.length} messages after InitChain: want pairs of FinalizeBlock and its answer`);
  const blocks = Array.from({ length: rest.length / 2 }, (_, i) => {
    const request = abci.Request.decode(rest[2 * i] as Uint8Array).finalizeBlock;
    const agreed = abci.Response.decode(rest[2 * i + 1] as Uint8Array).finalizeBlock;
    if (!request || !agreed) throw new Error(`message ${2 * i + 1} of the recording is not a FinalizeBlock with its answer`);
    return { request, agreed };
  });
  return { initChain, blocks };
}

export const readRecording = (path: string): Recording => decodeRecording(readFileSync(path));
export const writeRecording = (path: string, r: Recording): void => writeFileSync(path, encodeRecording(r));
