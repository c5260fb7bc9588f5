/** Vote extensions: this node's finished verdicts, and the one check of the others', their size. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { EMPTY } from "#kernel/bytes.js";
import { type View } from "#kernel/store.js";
import { MAX_EXTENSION_BYTES } from "#protocol/verification/extension.js";
import { type Chain } from "./chain.js";
import { type Faults } from "./faults.js";

/** Reads committed state and what `extension` has in memory; never waits, never fails. */
export async function extendVote(chain: Chain, extension: (state: View) => Uint8Array, faults: Faults): Promise<abci.ResponseExtendVote> {
  let voteExtension: Uint8Array = EMPTY;
  try {
    voteExtension = extension(chain.view(chain.base()));
    if (voteExtension.length > MAX_EXTENSION_BYTES) voteExtension = EMPTY;
  } catch {
    // a vote without verdicts is better than none
  }
  return abci.ResponseExtendVote.fromPartial({ voteExtension: await faults.extension(voteExtension) });
}

export function verifyVoteExtension(r: abci.RequestVerifyVoteExtension): abci.ResponseVerifyVoteExtension {
  const { ACCEPT, REJECT } = abci.ResponseVerifyVoteExtension_VerifyStatus;
  return abci.ResponseVerifyVoteExtension.fromPartial({ status: r.voteExtension.length <= MAX_EXTENSION_BYTES ? ACCEPT : REJECT });
}
