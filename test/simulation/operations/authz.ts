/** Who may act for whom, and does. */
import type { EncodedMessage } from "#kernel/services.js";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgWithdrawDelegatorReward } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { AuthorizationType, StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { coin } from "#test/chain/chain.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { coinsOf } from "./bank.js";
import { someValidator } from "./staking.js";

/** What is granted, and made use of, in the granter's name. */
const KINDS: Readonly<Record<string, (s: Simulation, granter: string) => EncodedMessage>> = {
  [MsgSend.typeUrl]: (s, fromAddress) => encoded(MsgSend, { fromAddress, toAddress: s.random.pick(s.names.accounts), amount: coinsOf(s, fromAddress, 100n) }),
  [MsgDelegate.typeUrl]: (s, delegatorAddress) => encoded(MsgDelegate, { delegatorAddress, validatorAddress: someValidator(s), amount: coin(s.random.amount(s.balance(delegatorAddress) / 100n)) }),
  [MsgUndelegate.typeUrl]: (s, delegatorAddress) => encoded(MsgUndelegate, { delegatorAddress, validatorAddress: someValidator(s), amount: coin(s.random.amount(100_000n)) }),
  [MsgWithdrawDelegatorReward.typeUrl]: (s, delegatorAddress) => encoded(MsgWithdrawDelegatorReward, { delegatorAddress, validatorAddress: someValidator(s) }),
};

function authorization(s: Simulation): Any {
  const { random } = s;
  const limit = coin(BigInt(random.between(1, 5_000_000)));
  if (random.percent(30)) return encoded(SendAuthorization, { spendLimit: [limit], allowList: random.percent(70) ? [] : [random.pick(s.names.accounts)] });
  if (random.percent(40)) {
    const address = [...new Set([someValidator(s), someValidator(s)])];
    return encoded(StakeAuthorization, {
      authorizationType: random.percent(60) ? AuthorizationType.AUTHORIZATION_TYPE_DELEGATE : AuthorizationType.AUTHORIZATION_TYPE_UNDELEGATE, maxTokens: random.percent(70) ? limit : undefined,
      ...(random.percent(80) ? { allowList: { address } } : { denyList: { address } }),
    });
  }
  return encoded(GenericAuthorization, { msg: random.pick(Object.keys(KINDS)) });
}

function grant(s: Simulation): void {
  const expiration = s.random.percent(60) ? { seconds: s.inSeconds(s.random.between(-1, 120)), nanos: s.random.below(1_000_000_000) } : undefined;
  s.send(MsgGrant, { granter: s.random.pick(s.names.accounts), grantee: s.random.pick(s.names.accounts), grant: { authorization: authorization(s), expiration } });
}

interface Granted {
  readonly granter: string;
  readonly grantee: string;
  readonly msgTypeUrl: string;
}

/** Some grant that is there. */
function granted(s: Simulation): Granted | undefined {
  for (const granter of s.random.shuffled(s.names.accounts).slice(0, 5)) {
    const g = s.random.some(s.chain.query(AuthzQuery.methods.granterGrants, { granter }).grants);
    if (g?.authorization) return { granter, grantee: g.grantee, msgTypeUrl: typeOf(g.authorization) };
  }
  return undefined;
}

function typeOf({ typeUrl, value }: Any): string {
  if (typeUrl === SendAuthorization.typeUrl) return MsgSend.typeUrl;
  if (typeUrl === GenericAuthorization.typeUrl) return GenericAuthorization.decode(value).msg;
  return StakeAuthorization.decode(value).authorizationType === AuthorizationType.AUTHORIZATION_TYPE_DELEGATE ? MsgDelegate.typeUrl : MsgUndelegate.typeUrl;
}

function exec(s: Simulation): void {
  const g = granted(s);
  const make = g && KINDS[g.msgTypeUrl];
  if (!make) return;
  const msgs = Array.from({ length: s.random.between(1, 2) }, () => make(s, g.granter));
  if (s.send(MsgExec, { grantee: g.grantee, msgs })) for (const m of msgs) s.count(m.typeUrl);
}

function revoke(s: Simulation): void {
  const g = granted(s);
  if (g) s.send(MsgRevoke, g);
}

export const authz: ModuleOperations = { operations: [[5, grant], [6, exec], [2, revoke]] };
