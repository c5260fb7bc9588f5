/** Transfers of so much in all, to whom the granter names: x/bank/types/send_authorization.go of the Cosmos SDK. */
import { givenText, readCoins, subtract, wireCoin } from "#kernel/coin-list.js";
import { lowerCase } from "#kernel/address.js";
import { sdk } from "#kernel/errors.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { authzErrors } from "../errors.js";
import type { AuthorizationKind } from "./kind.js";

const GAS_PER_ADDRESS = 10n;

export const send: AuthorizationKind<SendAuthorization> = {
  codec: SendAuthorization,
  check({ spendLimit, allowList }) {
    if (spendLimit.length === 0) throw sdk.invalidCoins("spend limit cannot be nil");
    const limit = readCoins(spendLimit);
    // The SDK takes a list out of order and panics when it is used.
    if (!limit) throw sdk.invalidCoins(`spend limit is invalid: ${givenText(spendLimit)}`);
    if (limit.some((c) => c.amount === 0n)) throw sdk.invalidCoins("spend limit must be positive");
    if (new Set(allowList).size < allowList.length) throw authzErrors.duplicateEntry("");
  },
  messageType: () => MsgSend.typeUrl,
  accept(ctx, { spendLimit, allowList }, { typeUrl, message }) {
    if (typeUrl !== MsgSend.typeUrl) throw sdk.invalidType("type mismatch");
    const { amount, toAddress } = message as MsgSend;
    const wanted = readCoins(amount);
    if (!wanted) throw sdk.invalidCoins(givenText(amount));
    const left = subtract(readCoins(spendLimit) ?? [], wanted);
    if (!left) throw sdk.insufficientFunds("requested amount is more than spend limit");
    const allowed = allowList.some((address) => {
      ctx.gas.consume(GAS_PER_ADDRESS, "send authorization");
      return lowerCase(address) === toAddress;
    });
    if (allowList.length > 0 && !allowed) throw sdk.unauthorized(`cannot send to ${toAddress} address`);
    return left.length === 0 ? "used up" : { updated: { spendLimit: left.map(wireCoin), allowList } };
  },
};
