/**
 * Every query of every module that both chains have, each with requests that are answered and such that are refused: one field at
 * a time takes all its values, while the others have their first one.
 */
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { PageRequest } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { ConsensusQuery } from "#proto/gen/cosmos/consensus/v1/query.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { EvidenceQuery } from "#proto/gen/cosmos/evidence/v1beta1/query.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { GovQuery as LegacyGovQuery } from "#proto/gen/cosmos/gov/v1beta1/query.js";
import { MintQuery } from "#proto/gen/cosmos/mint/v1beta1/query.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import type { FieldInfo, MethodInfo } from "#proto/wire.js";
import { BOND, environment, FEE } from "./genesis.js";
import type { Pair } from "./pair.js";

const SERVICES = [AuthQuery, AuthzQuery, BankQuery, ConsensusQuery, DistributionQuery, EvidenceQuery, FeegrantQuery, GovQuery, LegacyGovQuery, MintQuery, SlashingQuery, StakingQuery, UpgradeQuery];
const BAD = ["", "garbage", "osmo1fl48vsnmsdzcv85q5d2q4z5ajdha8yu3aq6l09"];

/** Values by the name of a field. `more`: addresses of special accounts. */
function values(pair: Pair, more: readonly string[]): Readonly<Record<string, readonly unknown[]>> {
  const { accounts, validators } = pair.setting;
  const nobody = environment.addresses.format(new Uint8Array(20).fill(7));
  const operator = environment.addresses.operator;
  const addresses = [...accounts.slice(0, 3).map((a) => a.address), ...(validators[0] ? [validators[0].operator] : []), ...more, nobody, ...BAD];
  const operators = [...validators.map((v) => operator.format(environment.addresses.parse(v.operator))), operator.format(new Uint8Array(20).fill(7)), accounts[0]?.address, ...BAD];
  const proposals = [1n, 2n, 3n, 4n, 99n, 0n];
  return {
    address: addresses, granter: addresses, grantee: [accounts[1]?.address, ...addresses], voter: [accounts[0]?.address, validators[0]?.operator, nobody, ...BAD], depositor: [accounts[0]?.address, nobody, ...BAD],
    delegator_addr: addresses, delegator_address: addresses,
    validator_addr: operators, validator_address: operators, src_validator_addr: ["", ...operators], dst_validator_addr: ["", ...operators],
    cons_address: [...validators.map((v) => environment.addresses.consensus.format(v.address)), environment.addresses.consensus.format(new Uint8Array(20).fill(7)), ...BAD],
    denom: [BOND, FEE, "nothing", "", "1bad"], denoms: [[], [BOND], ["nothing"]], resolve_denom: [false, true],
    status: ["", "BOND_STATUS_BONDED", "BOND_STATUS_UNBONDED", "BOND_STATUS_UNBONDING", "garbage"],
    proposal_id: proposals, proposal_status: [0, 1, 2, 3, 4, 5], params_type: ["", "voting", "deposit", "tallying", "garbage"],
    msg_type_url: ["", "/cosmos.bank.v1beta1.MsgSend", "/garbage"], account_id: [0n, 3n, 9_999n], id: [0n],
    name: ["gov", "bonded_tokens_pool", "garbage", ""], height: [pair.height, pair.height - 1n, 1n, 0n, 99_999n],
    starting_height: [0n, 40n], ending_height: [pair.height, 10n], hash: ["", "ab", "zz"], module_name: ["garbage"], last_height: [1n],
    address_bytes: [new Uint8Array(20).fill(7), new Uint8Array(0)], address_string: [accounts[0]?.address, ...BAD],
    pagination: [undefined, ...[{ limit: 1n, countTotal: true }, { limit: 2n, reverse: true }, { offset: 1n, limit: 1n }, { limit: 3n, countTotal: true, offset: 2n, reverse: true }].map((p) => PageRequest.create(p))],
  };
}

/** `more` are addresses that are worth a question: of vesting accounts, of modules. */
export async function compareQueries(pair: Pair, more: readonly string[] = []): Promise<void> {
  const table = values(pair, more);
  for (const service of SERVICES) {
    for (const method of Object.values(service.methods) as MethodInfo[]) {
      const fields = method.request.fields as readonly FieldInfo[];
      const first = Object.fromEntries(fields.map((f) => [f.name, table[f.proto]?.[0]]).filter(([, v]) => v !== undefined));
      await pair.query(method, first);
      for (const f of fields) for (const value of table[f.proto]?.slice(1) ?? []) await pair.query(method, { ...first, [f.name]: value });
    }
  }
}
