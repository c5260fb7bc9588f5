/** Stake is given, moved and taken back; validators come, change and go. */
import { ONE } from "#kernel/dec.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgCreateValidator, MsgDelegate, MsgEditValidator, MsgUndelegate, MsgUpdateParams } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { coin } from "#test/chain/chain.js";
import { signerOf } from "#test/chain/keys.js";
import { UNIT } from "../genesis.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

export const valoper = ({ chain: { environment } }: Simulation, account: string): string => environment.addresses.operator.format(environment.addresses.parse(account));
/** The operator's address of some validator; now and then of an account that is none. */
export const someValidator = (s: Simulation): string => valoper(s, s.random.percent(97) ? s.random.pick(s.chain.k.staking.all(s.chain.ctx)).operator : s.random.pick(s.names.accounts));

/** Some delegation, with what it is worth. */
export function someDelegation(s: Simulation): { readonly delegator: string; readonly operator: string; readonly worth: bigint } | undefined {
  const { random, chain } = s;
  const v = random.some(chain.k.staking.all(chain.ctx));
  const d = v && random.some(chain.k.staking.delegationsTo(chain.ctx, v.operator));
  return d && { delegator: d.delegator, operator: v.operator, worth: v.shares === 0n ? 0n : (d.shares * v.tokens) / v.shares };
}

const percent = (n: number): string => `${(BigInt(n) * ONE) / 100n}`;

function delegate(s: Simulation): void {
  const delegatorAddress = s.random.pick(s.names.accounts);
  s.send(MsgDelegate, { delegatorAddress, validatorAddress: someValidator(s), amount: coin(s.random.amount(s.balance(delegatorAddress) / 10n)) });
}

function undelegate(s: Simulation): void {
  const d = someDelegation(s);
  // An operator that takes all of its own back is jailed: that happens, though not often enough to end the chain.
  if (!d || (d.delegator === d.operator && !s.random.percent(25))) return;
  s.send(MsgUndelegate, { delegatorAddress: d.delegator, validatorAddress: valoper(s, d.operator), amount: coin(s.random.amount(d.worth)) });
}

function redelegate(s: Simulation): void {
  const d = someDelegation(s);
  if (d) s.send(MsgBeginRedelegate, { delegatorAddress: d.delegator, validatorSrcAddress: valoper(s, d.operator), validatorDstAddress: someValidator(s), amount: coin(s.random.amount(d.worth)) });
}

function cancelUnbonding(s: Simulation): void {
  const { random, chain } = s;
  const v = random.some(chain.k.staking.all(chain.ctx).filter((one) => one.status === BondStatus.BOND_STATUS_BONDED));
  // As of the block before, where a validator of this one is not there yet.
  if (!v || !chain.k.staking.byOperator(chain.at() ?? chain.ctx, v.operator)) return;
  const u = random.some(chain.query(StakingQuery.methods.validatorUnbondingDelegations, { validatorAddr: valoper(s, v.operator) }).unbondingResponses);
  const entry = u && random.some(u.entries);
  if (entry) s.send(MsgCancelUnbondingDelegation, { delegatorAddress: u.delegatorAddress, validatorAddress: u.validatorAddress, amount: coin(random.amount(BigInt(entry.balance))), creationHeight: entry.creationHeight });
}

function create(s: Simulation): void {
  const { random, chain } = s;
  if (chain.k.staking.all(chain.ctx).length >= 14) return;
  const account = random.pick(s.names.accounts);
  const max = random.between(0, 100);
  s.send(MsgCreateValidator, {
    description: { moniker: "new", identity: "", website: "", securityContact: "", details: "" },
    commission: { rate: percent(random.between(0, max)), maxRate: percent(max), maxChangeRate: percent(random.between(0, max)) },
    minSelfDelegation: "1", validatorAddress: valoper(s, account),
    pubkey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: signerOf(chain.environment.crypto, `signs ${random.below(60)}`).key }) },
    value: coin(BigInt(random.between(1, 30)) * UNIT + random.big(UNIT)),
  });
}

function edit(s: Simulation): void {
  const { random } = s;
  const same = "[do-not-modify]";
  s.send(MsgEditValidator, {
    description: { moniker: `m${random.below(100)}`, identity: same, website: same, securityContact: same, details: same }, validatorAddress: someValidator(s),
    commissionRate: random.percent(50) ? "" : percent(random.below(20)), minSelfDelegation: random.percent(90) ? "" : `${random.between(1, 1_000)}`,
  });
}

export const staking: ModuleOperations = {
  operations: [[10, delegate], [7, undelegate], [5, redelegate], [4, cancelUnbonding], [3, create], [2, edit]],
  governed: [
    (s) => {
      const { random } = s;
      const params = changed(s, s.chain.k.staking.params(s.chain.ctx), {
        unbondingTime: () => ({ seconds: BigInt(random.between(5, 60)), nanos: random.below(1_000_000_000) }), maxValidators: () => random.between(4, 10), maxEntries: () => random.between(1, 8), historicalEntries: () => random.between(0, 20),
        minCommissionRate: () => percent(random.below(10)),
      });
      return encoded(MsgUpdateParams, { authority: s.authority, params });
    },
  ],
};
