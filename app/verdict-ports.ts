/** What this node's verdicts need of the state: open jobs, and all that a verifier must know of one. */
import { consensusAddress } from "#kernel/address.js";
import { type Assembly } from "./modules.js";
import { type VerdictPorts } from "./verdicts.js";
import { VerifyRequest } from "#proto/gen/pouw.js";

export function verdictPorts(modules: Assembly, consensusKey: Uint8Array): VerdictPorts {
  const address = consensusAddress(Uint8Array.from(consensusKey));
  return {
    openJobs: () => [],
    request: () => VerifyRequest.create(),
    operator: (state) => modules.keepers.validators.byConsensusAddress(state, address)?.operator,
  };
}
