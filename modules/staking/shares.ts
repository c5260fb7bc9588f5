/** What shares of a validator are worth, and how many a stake makes: x/staking/types/validator.go of the Cosmos SDK. Pure. */
import { type Dec, decOf, mulInt, quo, quoInt, quoTruncate, truncate } from "#kernel/dec.js";
import { BondStatus, POWER_REDUCTION, type Validator } from "./types.js";

type Book = Pick<Validator, "tokens" | "shares">;

/** Everything was slashed away while shares are left: what a new share costs is not defined. */
export const hasNoRate = ({ tokens, shares }: Book): boolean => tokens === 0n && shares > 0n;

export const tokensOf = ({ tokens, shares }: Book, of: Dec): Dec => quo(mulInt(of, tokens), shares);
/** The validator has tokens. */
export const sharesOf = ({ tokens, shares }: Book, amount: bigint): Dec => quoInt(mulInt(shares, amount), tokens);
export const sharesTruncated = ({ tokens, shares }: Book, amount: bigint): Dec => quoTruncate(mulInt(shares, amount), decOf(tokens));

/** The validator with more stake, and the shares that are issued for it: one for each base unit at first. */
export function withTokens(v: Validator, amount: bigint): readonly [Validator, issued: Dec] {
  const issued = v.shares === 0n ? decOf(amount) : sharesOf(v, amount);
  return [{ ...v, tokens: v.tokens + amount, shares: v.shares + issued }, issued];
}

/** The validator without some shares, and what they were worth: the last ones take all that is left. */
export function withoutShares(v: Validator, taken: Dec): readonly [Validator, amount: bigint] {
  const shares = v.shares - taken;
  const amount = shares === 0n ? v.tokens : truncate(tokensOf(v, taken));
  if (amount > v.tokens) throw new Error(`staking: shares of ${v.operator} are worth ${amount}, it has ${v.tokens}`);
  return [{ ...v, tokens: v.tokens - amount, shares }, amount];
}

/** What it has if it were bonded. */
export const potentialPower = ({ tokens }: Pick<Validator, "tokens">): bigint => tokens / POWER_REDUCTION;
export const powerOf = (v: Pick<Validator, "tokens" | "status">): bigint => (v.status === BondStatus.BOND_STATUS_BONDED ? potentialPower(v) : 0n);
