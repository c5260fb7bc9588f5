/** Proofs come from the engine (engine.ts): what anybody sends is refused. */
import { MsgSubmitEvidence } from "#proto/gen/cosmos/evidence/v1beta1/tx.js";
import { Equivocation } from "#proto/gen/cosmos/evidence/v1beta1/evidence.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";

function submit(s: Simulation): void {
  const v = s.random.pick(s.chain.k.staking.all(s.chain.ctx));
  const consensusAddress = s.chain.environment.addresses.consensus.format(s.chain.environment.crypto.sha256(v.consensusKey).slice(0, 20));
  s.send(MsgSubmitEvidence, { submitter: s.random.pick(s.names.accounts), evidence: encoded(Equivocation, { height: s.chain.height, time: { seconds: s.inSeconds(0), nanos: 0 }, power: 1n, consensusAddress }) });
}

export const evidence: ModuleOperations = { operations: [[1, submit]] };
