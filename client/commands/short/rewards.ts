/** Rewards: several messages in one transaction. */
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { CliError } from "../../cli-error.js";
import { type Asked, draft, type Draft, type Json } from "./rows.js";

export const withdrawRewards = ({ validator_address, commission }: Json): Draft[] => [
  draft(MsgWithdrawDelegatorReward, { validator_address }),
  ...(commission === true ? [draft(MsgWithdrawValidatorCommission, { validator_address })] : []),
];

export async function withdrawAllRewards(_said: Json, { chain, signer }: Asked): Promise<Draft[]> {
  const { value } = await chain.query(DistributionQuery.methods.delegatorValidators, { delegatorAddress: signer });
  if (value.validators.length === 0) throw new CliError("state", `${signer} has no stake with any validator, so there are no rewards to withdraw.`);
  return value.validators.map((validator_address) => draft(MsgWithdrawDelegatorReward, { validator_address }));
}
