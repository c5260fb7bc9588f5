/** What comes next of the proposals that a transaction made: deposits, or votes. */
import { timestampText } from "#proto/time.js";
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { type Params, type Proposal, ProposalStatus } from "#proto/gen/cosmos/gov/v1/gov.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { MsgSubmitProposalResponse } from "#proto/gen/cosmos/gov/v1/tx.js";
import { MsgSubmitProposalResponse as OlderResponse } from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { type Chain, type TxResult } from "../chain/types.js";
import { coinText, type Units, unitsOf } from "../coins.js";

/** Numbers of the proposals that its messages made. */
export const proposalsOf = ({ responses }: Pick<TxResult, "responses">): bigint[] =>
  responses.flatMap(({ typeUrl, value }) => {
    const codec = [MsgSubmitProposalResponse, OlderResponse].find((c) => c.typeUrl === typeUrl);
    return codec ? [codec.decode(value).proposalId] : [];
  });

/** A line. */
export function nextOf(p: Proposal, params: Params | undefined, units: Units): string {
  const until = (time: Proposal["votingEndTime"]): string => (time ? timestampText({ seconds: time.seconds, nanos: 0 }) : "?");
  if (p.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD) return `proposal ${p.id} is voted on until ${until(p.votingEndTime)}: pouwd tx gov vote ${p.id} yes --from KEY`;
  if (p.status !== ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD) return `proposal ${p.id}: pouwd query gov proposal ${p.id}`;
  const wanted = (p.expedited ? params?.expeditedMinDeposit : params?.minDeposit) ?? [];
  const rest: Coin[] = wanted.flatMap(({ denom, amount }) => {
    const missing = BigInt(amount) - BigInt(p.totalDeposit.find((c) => c.denom === denom)?.amount ?? 0);
    return missing > 0n ? [{ denom, amount: `${missing}` }] : [];
  });
  const text = rest.map((c) => coinText(c, units)).join(" and ");
  return `proposal ${p.id} wants ${text} more of deposits until ${until(p.depositEndTime)}, then it is voted on: pouwd tx gov deposit ${p.id} ${rest.map((c) => `${c.amount}${c.denom}`).join(",")} --from KEY`;
}

/** A line for each proposal; its number alone where the chain does not answer, for it was made all the same. */
export async function proposed(chain: Chain, r: TxResult): Promise<{ readonly ids: readonly bigint[]; readonly text: string }> {
  const ids = r.code === 0 ? proposalsOf(r) : [];
  if (ids.length === 0) return { ids, text: "" };
  const line = async (id: bigint): Promise<string> => {
    try {
      const [{ value }, { value: asked }, units] = await Promise.all([chain.query(GovQuery.methods.proposal, { proposalId: id }), chain.query(GovQuery.methods.params, {}), unitsOf(chain)]);
      if (value.proposal) return nextOf(value.proposal, asked.params, units);
    } catch {
      // told below
    }
    return `proposal ${id}`;
  };
  return { ids, text: (await Promise.all(ids.map(line))).join("\n") };
}
