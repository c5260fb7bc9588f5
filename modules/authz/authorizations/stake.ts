/** Messages that move stake: x/staking/types/authz.go of the Cosmos SDK. */
import { lowerCase } from "#kernel/address.js";
import { sdk } from "#kernel/errors.js";
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { AuthorizationType, StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { authzErrors, uncoded } from "../errors.js";
import type { AuthorizationKind, Wanted } from "./kind.js";

const GAS_PER_VALIDATOR = 10n;

const TYPES: ReadonlyMap<AuthorizationType, string> = new Map([
  [AuthorizationType.AUTHORIZATION_TYPE_DELEGATE, MsgDelegate.typeUrl],
  [AuthorizationType.AUTHORIZATION_TYPE_UNDELEGATE, MsgUndelegate.typeUrl],
  [AuthorizationType.AUTHORIZATION_TYPE_REDELEGATE, MsgBeginRedelegate.typeUrl],
  [AuthorizationType.AUTHORIZATION_TYPE_CANCEL_UNBONDING_DELEGATION, MsgCancelUnbondingDelegation.typeUrl],
]);

export const stake: AuthorizationKind<StakeAuthorization> = {
  codec: StakeAuthorization,
  unreadable({ maxTokens, allowList, denyList }) {
    if (allowList && denyList) return "validators: allow_list or deny_list, not both";
    return maxTokens && integer(maxTokens) === undefined ? "max_tokens: the amount is no integer" : undefined;
  },
  check(a) {
    if (a.maxTokens && (integer(a.maxTokens) ?? -1n) < 0n) throw authzErrors.negativeMaxTokens(`negative coin amount: ${coinText(a.maxTokens)}`);
    stake.messageType(a);
  },
  messageType({ authorizationType }) {
    const typeUrl = TYPES.get(authorizationType);
    if (typeUrl === undefined) throw authzErrors.unknownType("");
    return typeUrl;
  },
  accept(ctx, a, wanted) {
    const { validator, amount } = movedBy(wanted);
    const among = (list: readonly string[]): boolean =>
      list.some((v) => {
        ctx.gas.consume(GAS_PER_VALIDATOR, "stake authorization");
        return lowerCase(v) === validator;
      });
    const allowed = a.allowList?.address ?? [];
    const isAllowed = among(allowed);
    if (among(a.denyList?.address ?? []) || (allowed.length > 0 && !isAllowed)) throw sdk.unauthorized(`cannot delegate/undelegate to ${validator} validator`);
    if (!a.maxTokens) return { updated: a };
    const { denom } = a.maxTokens;
    if (denom !== amount.denom) throw uncoded(`invalid coin denoms: ${denom}, ${amount.denom}`);
    const left = (integer(a.maxTokens) ?? 0n) - (integer(amount) ?? 0n);
    if (left < 0n) throw uncoded(`negative coin amount: ${left}${denom}`);
    return left === 0n ? "used up" : { updated: { ...a, maxTokens: { denom, amount: `${left}` } } };
  },
};

/** To which validator's stake, and how much. */
function movedBy({ typeUrl, message }: Wanted): { readonly validator: string; readonly amount: Coin } {
  const { validatorAddress, validatorDstAddress, amount } = message as Partial<MsgDelegate & MsgBeginRedelegate>;
  if (![...TYPES.values()].includes(typeUrl)) throw sdk.invalidRequest("unknown msg type");
  const validator = typeUrl === MsgBeginRedelegate.typeUrl ? validatorDstAddress : validatorAddress;
  if (!amount || integer(amount) === undefined) throw sdk.invalidRequest("invalid amount");
  return { validator: validator ?? "", amount };
}

const integer = ({ amount }: Coin): bigint | undefined => (/^-?\d{1,78}$/.test(amount) ? BigInt(amount) : undefined);
const coinText = ({ denom, amount }: Coin): string => `${amount}${denom}`;
