import test from "ava";
import { makeAddresses } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { MsgSubmitProposal } from "#proto/gen/cosmos/gov/v1/tx.js";
import { StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgSoftwareUpgrade } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { type Codec } from "#proto/wire.js";
import { CliError } from "../../cli-error.js";
import { messageFrom } from "../services.js";
import { allowance, authorization, exec, grant, messagesIn, revoke } from "./grants.js";
import { cancelUpgrade, paramsRows, softwareUpgrade, spendPool } from "./proposals.js";
import { withdrawRewards } from "./rewards.js";
import { type Asked, type Draft, moduleOf } from "./rows.js";
import { proposalStatus, seconds, timeText, voteOption, weightedOptions } from "./words.js";

const ME = "pouw1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnnhphmf";
const VALIDATOR = "pouwvaloper1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnxy4clk";
const upouw = (amount: string) => ({ denom: "upouw", amount });
const addresses = makeAddresses("pouw", nodeCrypto);
/** who makes a message without asking the chain needs its addresses alone */
const asked = { chain: { addresses }, signer: ME } as unknown as Asked;
/** As it would be signed. */
const made = <T>(codec: Codec<T>, drafts: readonly Draft[]): T => {
  const [first, other] = drafts;
  if (!first || other || (first.message as unknown) !== codec) throw new Error("want one message of this kind");
  return messageFrom(first.message, JSON.stringify(first.fields), ME) as T;
};
const refuses = (t: { throws: (run: () => unknown, e: object) => unknown }, run: () => unknown, message: RegExp): void => void t.throws(run, { instanceOf: CliError, message });

test("votes and states have the Cosmos SDK's words, in any of their spellings", (t) => {
  t.deepEqual(["yes", "No", "no-with-veto", "no_with_veto", "NoWithVeto", "VOTE_OPTION_ABSTAIN"].map(voteOption), ["YES", "NO", "NO_WITH_VETO", "NO_WITH_VETO", "NO_WITH_VETO", "ABSTAIN"].map((x) => `VOTE_OPTION_${x}`));
  refuses(t, () => voteOption("yea"), /^"yea" is no vote: want yes, no, no-with-veto, abstain\. Did you mean yes\?$/);
  t.is(proposalStatus("voting-period"), "PROPOSAL_STATUS_VOTING_PERIOD");
  refuses(t, () => proposalStatus("open"), /^"open" is no status of a proposal/);
  t.deepEqual(weightedOptions("yes=0.6, no=0.4"), [{ option: "VOTE_OPTION_YES", weight: "0.6" }, { option: "VOTE_OPTION_NO", weight: "0.4" }]);
  for (const text of ["yes=half", "yes=0.5=0.5", "yes=-1"]) refuses(t, () => weightedOptions(text), /want an option and its part of one/);
});

test("times are seconds or RFC 3339", (t) => {
  t.is(timeText("1900000000"), "2030-03-17T17:46:40Z");
  t.is(timeText("2030-01-31T12:00:00Z"), "2030-01-31T12:00:00Z");
  refuses(t, () => timeText("9".repeat(15)), /is no time/);
  t.deepEqual([seconds("1900000000"), seconds("2030-03-17T17:46:40Z")], ["1900000000", "1900000000"]);
  for (const text of ["soon", "2030-01", "2030-13-01T00:00:00Z", ""]) refuses(t, () => seconds(text), /is no time/);
});

test("each kind of grant has its own options, and refuses the others'", (t) => {
  const generic = made(MsgGrant, grant({ grantee: ME, kind: "generic", msg_type: "/cosmos.gov.v1.MsgVote", expiration: "2030-01-31T12:00:00Z" }));
  t.like(generic, { granter: ME, grantee: ME, grant: { expiration: { seconds: 1_896_091_200n } } });
  const send = made(MsgGrant, grant({ grantee: ME, kind: "send", spend_limit: [upouw("5")], allow_list: [ME] })).grant?.authorization;
  t.deepEqual(SendAuthorization.decode(send?.value as Uint8Array), { spendLimit: [upouw("5")], allowList: [ME] });
  const stake = made(MsgGrant, grant({ grantee: ME, kind: "unbond", spend_limit: [upouw("5")], allowed_validators: [VALIDATOR] })).grant?.authorization;
  t.like(StakeAuthorization.decode(stake?.value as Uint8Array), { maxTokens: upouw("5"), allowList: { address: [VALIDATOR] }, authorizationType: 2 });
  refuses(t, () => authorization({ kind: "all" }), /^"all" is no kind of authorization: want generic, send, delegate, unbond, redelegate\.$/);
  refuses(t, () => authorization({ kind: "generic" }), /^generic needs --msg-type\./);
  refuses(t, () => authorization({ kind: "generic", msg_type: "/x", spend_limit: [] }), /^--spend-limit is not for generic, which takes --msg-type\.$/);
  refuses(t, () => authorization({ kind: "send" }), /^send needs --spend-limit\./);
  refuses(t, () => authorization({ kind: "delegate" }), /^delegate needs either --allowed-validators or --deny-validators\.$/);
  refuses(t, () => authorization({ kind: "delegate", deny_validators: [VALIDATOR], spend_limit: [upouw("1"), upouw("2")] }), /is one coin/);
});

test("what is sent in others' names stands in a transaction, a list, or alone", (t) => {
  const send = { "@type": "/cosmos.bank.v1beta1.MsgSend", from_address: ME, to_address: ME, amount: [upouw("1")] };
  for (const json of [{ body: { messages: [send] } }, { messages: [send] }, [send], send]) t.deepEqual(messagesIn(json), [send]);
  t.is(made(MsgExec, exec({ file: [send, send] })).msgs.length, 2);
  for (const json of [{}, null, "text", { body: {} }]) refuses(t, () => messagesIn(json), /^the file has no messages/);
});

test("an allowance is basic, periodic, or for some messages", (t) => {
  t.deepEqual(allowance({}, 0), { "@type": "/cosmos.feegrant.v1beta1.BasicAllowance" });
  const periodic = allowance({ spend_limit: [upouw("9")], expiration: "2030-01-31T12:00:00Z", period: "3600", period_limit: [upouw("2")] }, 1_700_000_000_500);
  t.is(periodic["@type"], PeriodicAllowance.typeUrl);
  t.like(periodic, { basic: { spend_limit: [upouw("9")] }, period: "3600s", period_reset: new Date(1_700_003_600_000).toISOString(), period_can_spend: [upouw("2")] });
  const some = allowance({ allowed_messages: ["/a", "/b"] }, 0);
  t.deepEqual(some, { "@type": "/cosmos.feegrant.v1beta1.AllowedMsgAllowance", allowance: { "@type": "/cosmos.feegrant.v1beta1.BasicAllowance" }, allowed_messages: ["/a", "/b"] });
  refuses(t, () => allowance({ period: "60" }, 0), /--period-limit is missing/);
  refuses(t, () => allowance({ period: "0", period_limit: [] }, 0), /--period is "0", want seconds/);
  refuses(t, () => allowance({ period: "60", period_limit: [], expiration: "1970-01-01T00:00:59Z" }, 0), /before the first period ends/);
});

test("what was granted is taken back by the same words, or by the message's type", (t) => {
  const type = (word: string): string => made(MsgRevoke, revoke({ grantee: ME, msg_type_url: word })).msgTypeUrl;
  t.deepEqual(["send", "delegate", "unbond", "redelegate", "/a.b.MsgC"].map(type), ["/cosmos.bank.v1beta1.MsgSend", "/cosmos.staking.v1beta1.MsgDelegate", "/cosmos.staking.v1beta1.MsgUndelegate", "/cosmos.staking.v1beta1.MsgBeginRedelegate", "/a.b.MsgC"]);
  for (const word of ["generic", "sned"]) refuses(t, () => revoke({ grantee: ME, msg_type_url: word }), /is no type of message: want send, delegate, unbond, redelegate, or a type such as \/cosmos\.bank/);
});

test("a proposal of one message has governance's account as its authority, and needs a title", (t) => {
  const gov = addresses.module("gov");
  const upgrade = made(MsgSubmitProposal, softwareUpgrade({ name: "v2", height: "77", info: "where", title: "To v2", initial_deposit: [upouw("5")], expedited: true }, asked));
  t.like(upgrade, { title: "To v2", summary: "To v2", initialDeposit: [upouw("5")], expedited: true, proposer: ME });
  t.like(MsgSoftwareUpgrade.decode(upgrade.messages[0]?.value as Uint8Array), { authority: gov, plan: { name: "v2", height: 77n, info: "where" } });
  refuses(t, () => softwareUpgrade({ name: "v2", title: "x" }, asked), /^--upgrade-height is missing/);
  refuses(t, () => cancelUpgrade({}, asked), /^--title is missing/);
  t.deepEqual(made(MsgSubmitProposal, spendPool({ recipient: ME, amount: [upouw("1")], title: "Pay", summary: "for it" }, asked)).summary, "for it");
});

test("every module with parameters of its own has a command that proposes others", (t) => {
  const modules = paramsRows().map((r) => moduleOf(r.message.typeUrl));
  for (const name of ["auth", "bank", "staking", "slashing", "distribution", "mint", "gov", "work", "tasks", "workers", "matching", "supervision"]) t.true(modules.includes(name), name);
  t.is(new Set(modules).size, modules.length);
});

test("a validator's commission is withdrawn with its rewards", (t) => {
  t.is(withdrawRewards({ validator_address: VALIDATOR }).length, 1);
  const both = withdrawRewards({ validator_address: VALIDATOR, commission: true });
  t.deepEqual(both.map((d) => d.message.typeUrl.split(".").at(-1)), ["MsgWithdrawDelegatorReward", "MsgWithdrawValidatorCommission"]);
});
