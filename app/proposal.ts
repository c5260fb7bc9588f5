/** The two steps of a proposal. Neither leaves anything behind: FinalizeBlock relies on no call of them. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { type BlockFacts, checkBlockData, isBlockData, makeBlockData } from "./block/block-data.js";
import { type LastCommit, lastCommitOf } from "./block/commit.js";
import { urgentSigner } from "./block/lane.js";
import { gasLimitOf, ordinaryRoom, withinGas, wireSize } from "./block/limits.js";
import { selectTransactions } from "./block/select.js";
import { type Chain } from "./chain.js";
import { type Faults } from "./faults.js";
import { decodeTx } from "./tx/decode.js";
import { type Execution } from "./tx/execute.js";

export interface ProposalOptions {
  readonly execution: Pick<Execution, "router">;
  /** signs the beacon message; only a proposer needs it */
  readonly signBeacon: (message: Uint8Array) => Uint8Array;
  readonly faults: Faults;
}

export const factsOf = (chain: Chain, height: bigint, proposer: Uint8Array, lastCommit: LastCommit): BlockFacts => ({ chainId: chain.head?.chainId ?? "", height, proposer, lastCommit });

export function prepareProposal(chain: Chain, o: ProposalOptions, r: abci.RequestPrepareProposal): abci.ResponsePrepareProposal {
  const votes = r.localLastCommit?.votes ?? [];
  const extended = votes.map((v) => ({ extension: v.voteExtension, signature: v.extensionSignature }));
  const state = chain.view(chain.base());
  const sign = o.faults.beacon(o.signBeacon);
  const first = makeBlockData(state, chain.assembly.keepers, factsOf(chain, r.height, r.proposerAddress, lastCommitOf(r.localLastCommit)), extended, sign);
  const own = o.faults.dropBlockData() ? [] : [first];
  const bytes = r.maxTxBytes - own.reduce((n, t) => n + wireSize(t), 0n);
  const signersOf = (tx: Uint8Array): readonly string[] => {
    try {
      return decodeTx(tx, o.execution.router).signers;
    } catch {
      return []; // it fails in its block whoever signed
    }
  };
  const { keepers, router } = chain.assembly;
  const ordinary = ordinaryRoom(chain.limits, bytes, keepers.fees.params(state).laneShare);
  const room = { bytes, gas: gasLimitOf(chain.limits), ordinary, votes: votes.length };
  const chosen = selectTransactions(r.txs, room, { signersOf, urgentSigner: (tx) => urgentSigner(state, keepers, router, tx) });
  return abci.ResponsePrepareProposal.fromPartial({ txs: [...own, ...chosen] });
}

/** Never throws, never answers UNKNOWN. */
export function processProposal(chain: Chain, { faults }: Pick<ProposalOptions, "faults">, r: abci.RequestProcessProposal): abci.ResponseProcessProposal {
  const { ACCEPT, REJECT } = abci.ResponseProcessProposal_ProposalStatus;
  let status = REJECT;
  try {
    const lastCommit = lastCommitOf(r.proposedLastCommit);
    const verdict = checkBlockData(chain.view(chain.base()), chain.assembly.keepers, factsOf(chain, r.height, r.proposerAddress, lastCommit), r.txs[0]);
    const again = r.txs.slice(1).some((tx) => isBlockData(tx, lastCommit.votes.length));
    if (verdict.ok && !again && withinGas(r.txs, chain.limits)) status = ACCEPT;
    faults.refused(verdict);
  } catch {
    // a proposal that cannot be judged is not accepted; FinalizeBlock meets the same state if others accept it
  }
  return abci.ResponseProcessProposal.fromPartial({ status });
}
