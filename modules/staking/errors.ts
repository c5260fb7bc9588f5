/** The Cosmos SDK's own errors of `staking`. */
import { defineError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("staking", code, text);

export const stakingErrors = {
  noValidator: error(3, "validator does not exist"),
  operatorExists: error(4, "validator already exist for this operator address; must use new validator operator address"),
  pubKeyExists: error(5, "validator already exist for this pubkey; must use new validator pubkey"),
  pubKeyType: error(6, "validator pubkey type is not supported"),
  jailed: error(7, "validator for this address is currently jailed"),
  commissionNegative: error(9, "commission must be positive"),
  commissionHuge: error(10, "commission cannot be more than 100%"),
  commissionAboveMax: error(11, "commission cannot be more than the max rate"),
  commissionTooSoon: error(12, "commission cannot be changed more than once in 24h"),
  changeNegative: error(13, "commission change rate must be positive"),
  changeAboveMax: error(14, "commission change rate cannot be more than the max rate"),
  commissionChange: error(15, "commission cannot be changed more than max change rate"),
  selfDelegation: error(16, "validator's self delegation must be greater than their minimum self delegation"),
  minSelfDecreased: error(17, "minimum self delegation cannot be decrease"),
  noDelegation: error(19, "no delegation for (address, validator) tuple"),
  noDelegator: error(21, "delegator does not contain delegation"),
  insufficientShares: error(22, "insufficient delegation shares"),
  notEnoughShares: error(24, "not enough delegation shares"),
  noUnbonding: error(26, "no unbonding delegation found"),
  maxUnbondings: error(27, "too many unbonding delegation entries for (delegator, validator) tuple"),
  selfRedelegation: error(29, "cannot redelegate to the same validator"),
  tinyRedelegation: error(30, "too few tokens to redelegate (truncates to zero tokens)"),
  badDestination: error(31, "redelegation destination validator not found"),
  transitive: error(32, "redelegation to this validator already in progress; first redelegation to this validator must complete before next redelegation"),
  maxRedelegations: error(33, "too many redelegation entries for (delegator, src-validator, dst-validator) tuple"),
  noRate: error(34, "cannot delegate to validators with invalid (zero) ex-rate"),
  emptyPubKey: error(39, "empty validator public key"),
  commissionBelowMin: error(40, "commission cannot be less than min rate"),
  badSource: error(44, "redelegation source validator not found"),
};
