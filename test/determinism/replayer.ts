/** Runs a recorded chain through a fresh application: the same calls in the same order as the engine makes them, on a home of its own. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { equalBytes } from "#kernel/bytes.js";
import { Application } from "#app/application.js";
import { faultsFrom } from "#app/faults.js";
import { assemble } from "#app/assemble.js";
import { answeredHere } from "#app/query/here.js";
import { openMultiStore } from "#app/store/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { agreedPart, type RecordedBlock, type Recording } from "./recording.js";

export class Divergence extends Error {
  override readonly name = "Divergence";
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").toUpperCase();

/** Tells what differs from what the network agreed on, or undefined. */
function difference({ request, agreed }: RecordedBlock, got: abci.ResponseFinalizeBlock): string | undefined {
  for (const [i, want] of agreed.txResults.entries()) {
    const have = got.txResults[i];
    const told = (r: abci.ExecTxResult | undefined) => (r ? `code ${r.code}, gas ${r.gasUsed} of ${r.gasWanted}, data ${hex(r.data)}` : "no result");
    if (told(have) !== told(want)) return `transaction ${i} gives ${told(have)}, recorded is ${told(want)}${have?.log ? ` (${have.log.split("\n")[0]})` : ""}`;
  }
  if (!equalBytes(got.appHash, agreed.appHash)) return `the app hash is ${hex(got.appHash)}, recorded is ${hex(agreed.appHash)}`;
  const bytes = (r: abci.ResponseFinalizeBlock) => abci.ResponseFinalizeBlock.encode(r).finish();
  if (!equalBytes(bytes(agreedPart(got)), bytes(agreed))) return `validator or parameter updates differ at ${request.height}`;
  return undefined;
}

export interface ReplayOptions {
  /** folder for the state; must be empty */
  readonly dir: string;
  readonly said: (height: bigint, appHash: string) => void;
}

/** Throws a Divergence at the first height that differs from the recording. */
export async function replay(recording: Recording, { dir, said }: ReplayOptions): Promise<void> {
  const modules = assemble();
  const store = await openMultiStore(dir, { names: modules.stores, keepVersions: 1 });
  try {
    const application = new Application({
      store,
      modules,
      crypto: nodeCrypto,
      signBeacon: () => new Uint8Array(0), // only a proposer signs
      extension: () => new Uint8Array(0),
      committed: () => {},
      query: answeredHere(),
      minGasPricePerMillion: 0n,
      faults: faultsFrom({}, () => {}),
    });
    application.initChain(recording.initChain);
    for (const block of recording.blocks) {
      const got = application.finalizeBlock(block.request);
      said(block.request.height, hex(got.appHash));
      const differs = difference(block, got);
      if (differs) throw new Divergence(`height ${block.request.height}: ${differs}`);
      await application.commit();
    }
  } finally {
    await store.close();
  }
}
