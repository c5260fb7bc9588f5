/** Messages of `bank`: transfers. The ante handler has authenticated who sends. */
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type MsgChecks, type MsgHandlers } from "#kernel/services.js";
import { type BankMsg } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { parseCoins } from "./coins.js";
import { bankErrors } from "./errors.js";
import { type Amount, type BankKeeper, type BankPorts } from "./types.js";

/** Everything that costs comes after this: a message of thousands of senders is refused while it is decoded. */
export const bankChecks: MsgChecks<typeof BankMsg> = {
  multiSend({ inputs }) {
    if (inputs.length === 0) throw bankErrors.noInputs("");
    if (inputs.length > 1) throw bankErrors.multipleSenders(`got ${inputs.length}`);
  },
};

export function bankMessages(ports: BankPorts, keeper: BankKeeper): MsgHandlers<typeof BankMsg> {
  /** Module accounts hold what their modules account for; nobody else puts anything there. */
  const checkReceiver = ({ addresses }: Context, to: string): void => {
    const address = addresses.format(addresses.parse(to));
    if (ports.accounts.some((a) => addresses.module(a.name) === address)) throw sdk.unauthorized(`${to} is not allowed to receive funds`);
  };
  const checkEnabled = (ctx: Context, coins: readonly Amount[]): void => {
    const disabled = coins.find((c) => !keeper.sendEnabled(ctx, c.denom));
    if (disabled) throw bankErrors.sendDisabled(`${disabled.denom} transfers are currently disabled`);
  };
  return {
    send(ctx, { fromAddress, toAddress, amount }) {
      checkReceiver(ctx, toAddress);
      const coins = parseCoins(amount);
      checkEnabled(ctx, coins);
      for (const c of coins) keeper.send(ctx, fromAddress, toAddress, c.amount, c.denom);
      return {};
    },
    multiSend(ctx, { inputs: [input], outputs }) {
      if (!input) throw bankErrors.noInputs("");
      if (outputs.length === 0) throw bankErrors.noOutputs("");
      const coins = parseCoins(input.coins);
      checkEnabled(ctx, coins);
      const left = new Map(coins.map((c) => [c.denom, c.amount]));
      for (const o of outputs) {
        checkReceiver(ctx, o.address);
        for (const c of parseCoins(o.coins)) {
          left.set(c.denom, (left.get(c.denom) ?? 0n) - c.amount);
          keeper.send(ctx, input.address, o.address, c.amount, c.denom);
        }
      }
      if ([...left.values()].some((v) => v !== 0n)) throw bankErrors.inputOutputMismatch("");
      return {};
    },
  };
}
