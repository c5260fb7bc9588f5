/** Who lets whom pay fees of their coins. */
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { coin } from "#test/chain/chain.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";

function allowance(s: Simulation): Any {
  const { random } = s;
  const basic = BasicAllowance.create({ spendLimit: random.percent(70) ? [coin(BigInt(random.between(1, 50_000)))] : [], expiration: random.percent(60) ? { seconds: s.inSeconds(random.between(-1, 100)), nanos: random.below(1_000_000_000) } : undefined });
  const limit = random.between(1, 2_000);
  const one = random.percent(60) ? encoded(BasicAllowance, basic) : encoded(PeriodicAllowance, { basic, period: { seconds: BigInt(random.between(1, 30)), nanos: 0 }, periodSpendLimit: [coin(BigInt(limit))], periodCanSpend: [coin(BigInt(limit))], periodReset: { seconds: s.inSeconds(random.between(0, 20)), nanos: 0 } });
  return random.percent(75) ? one : encoded(AllowedMsgAllowance, { allowance: one, allowedMessages: [random.percent(60) ? MsgSend.typeUrl : MsgGrantAllowance.typeUrl] });
}

const grant = (s: Simulation): void => void s.send(MsgGrantAllowance, { granter: s.random.pick(s.names.accounts), grantee: s.random.pick(s.names.accounts), allowance: allowance(s) });

function revoke(s: Simulation): void {
  const { random, chain } = s;
  const grantee = random.pick(s.names.accounts);
  const granter = random.some(chain.query(FeegrantQuery.methods.allowances, { grantee }).allowances)?.granter;
  if (granter !== undefined) s.send(MsgRevokeAllowance, { granter, grantee });
}

const prune = (s: Simulation): void => void s.send(MsgPruneAllowances, { pruner: s.random.pick(s.names.accounts) });

export const feegrant: ModuleOperations = { operations: [[4, grant], [3, revoke], [1, prune]] };
