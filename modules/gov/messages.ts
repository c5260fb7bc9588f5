/** Messages of `gov`: x/gov/keeper/msg_server.go of the Cosmos SDK, in the newer form and the older one. The ante handler has authenticated who signs. */
import { AUTHORITY, checkAuthority } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import { decText, fromWire } from "#kernel/dec.js";
import { sdk } from "#kernel/errors.js";
import type { MsgHandlers } from "#kernel/services.js";
import { instantOf } from "#kernel/time.js";
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { type GovMsg, MsgExecLegacyContent } from "#proto/gen/cosmos/gov/v1/tx.js";
import type { GovMsg as LegacyMsg } from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { type Amount, coinsText, readCoins } from "./coins.js";
import { govErrors } from "./errors.js";
import type { GovWriter } from "./keeper/index.js";
import { textProposal } from "./legacy.js";
import { checkOptions, wholeVote } from "./votes.js";

const account = (ctx: Context, text: string, what: string): string => {
  try {
    return ctx.addresses.format(ctx.addresses.parse(text));
  } catch (e) {
    throw sdk.invalidAddress(`invalid ${what} address: ${(e as Error).message.replace(/: invalid address$/, "")}`);
  }
};

/** None, or valid ones. */
function coinsOf(list: readonly Coin[]): Amount[] {
  const coins = readCoins(list);
  if (!coins) throw sdk.invalidCoins(coinsText(list));
  return coins;
}

function someCoins(list: readonly Coin[]): Amount[] {
  const coins = coinsOf(list);
  if (coins.length === 0) throw sdk.invalidCoins("");
  return coins;
}

export const govMessages = (keeper: GovWriter): MsgHandlers<typeof GovMsg> => ({
  submitProposal(ctx, m) {
    const proposer = account(ctx, m.proposer, "proposer");
    const { messages, metadata, title, summary, expedited } = m;
    return { proposalId: keeper.submit(ctx, { messages, deposit: coinsOf(m.initialDeposit), proposer, metadata, title, summary, expedited }) };
  },
  execLegacyContent(ctx, { authority, content }) {
    const expected = ctx.addresses.module(AUTHORITY);
    if (authority !== expected) throw govErrors.invalidSigner(`expected ${expected} got ${authority}`);
    // A text does nothing but be voted on.
    textProposal(content);
    return {};
  },
  vote(ctx, { proposalId, voter, option, metadata }) {
    keeper.vote(ctx, proposalId, account(ctx, voter, "voter"), wholeVote(option), metadata);
    return {};
  },
  voteWeighted(ctx, { proposalId, voter, options, metadata }) {
    const by = account(ctx, voter, "voter");
    checkOptions(options);
    keeper.vote(ctx, proposalId, by, options, metadata);
    return {};
  },
  deposit(ctx, { proposalId, depositor, amount }) {
    keeper.deposit(ctx, proposalId, account(ctx, depositor, "depositor"), someCoins(amount));
    return {};
  },
  updateParams(ctx, m) {
    checkAuthority(ctx, m.authority);
    if (!m.params) throw sdk.invalidRequest("params are missing");
    const { proposalCancelDest } = m.params;
    if (proposalCancelDest !== "") account(ctx, proposalCancelDest, "deposits destination");
    keeper.setParams(ctx, m.params);
    return {};
  },
  cancelProposal(ctx, { proposalId, proposer }) {
    keeper.cancel(ctx, proposalId, account(ctx, proposer, "proposer"));
    return { proposalId, canceledTime: instantOf(ctx.block.timeNs), canceledHeight: ctx.block.height };
  },
});

export function legacyMessages(keeper: GovWriter): MsgHandlers<typeof LegacyMsg> {
  const msg = govMessages(keeper);
  return {
    submitProposal(ctx, { content, initialDeposit, proposer }) {
      const { title, description: summary } = textProposal(content);
      const message = MsgExecLegacyContent.encode({ content, authority: ctx.addresses.module(AUTHORITY) });
      return msg.submitProposal(ctx, { messages: [{ typeUrl: MsgExecLegacyContent.typeUrl, value: message }], initialDeposit, proposer, metadata: "", title, summary, expedited: false });
    },
    vote: (ctx, { proposalId, voter, option }) => msg.vote(ctx, { proposalId, voter, option, metadata: "" }),
    voteWeighted: (ctx, { proposalId, voter, options }) => msg.voteWeighted(ctx, { proposalId, voter, options: options.map(({ option, weight }) => ({ option, weight: weightText(weight) })), metadata: "" }),
    deposit: (ctx, m) => msg.deposit(ctx, m),
  };
}

function weightText(weight: string): string {
  try {
    return decText(fromWire(weight));
  } catch (e) {
    throw sdk.txDecode((e as Error).message);
  }
}
