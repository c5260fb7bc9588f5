/** Accounts as they stand in the store, in genesis and in answers: an Any of the Cosmos SDK's kind of account. */
import { wireCoin } from "#kernel/coin-list.js";
import { type ValueCodec } from "#kernel/store.js";
import { BaseAccount, ModuleAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { BaseVestingAccount, ContinuousVestingAccount, DelayedVestingAccount, PeriodicVestingAccount, PermanentLockedAccount } from "#proto/gen/cosmos/vesting/v1beta1/vesting.js";
import { Any } from "#proto/gen/google/protobuf/any.js";
import { type Codec } from "#proto/wire.js";
import { coinsAt, decodePeriodic, encodePeriodic } from "./periods.js";
import { type Account, type Schedule, type Vesting } from "./types.js";

/** All kinds. */
export const ACCOUNT_TYPES = [BaseAccount, ModuleAccount, BaseVestingAccount, ContinuousVestingAccount, DelayedVestingAccount, PeriodicVestingAccount, PermanentLockedAccount] as readonly Codec<unknown>[];

export function anyAccount(account: Account): Any {
  if (account.module) {
    const { name, permissions } = account.module;
    return any(ModuleAccount, { baseAccount: baseOf(account), name, permissions: [...permissions] });
  }
  if (!account.vesting) return any(BaseAccount, account);
  const v = account.vesting;
  const baseVestingAccount: BaseVestingAccount = {
    baseAccount: baseOf(account),
    originalVesting: v.original.map(wireCoin),
    delegatedFree: v.delegatedFree.map(wireCoin),
    delegatedVesting: v.delegatedVesting.map(wireCoin),
    endTime: v.endTime,
  };
  switch (v.kind) {
    case "base":
      return any(BaseVestingAccount, baseVestingAccount);
    case "delayed":
      return any(DelayedVestingAccount, { baseVestingAccount });
    case "permanent":
      return any(PermanentLockedAccount, { baseVestingAccount });
    case "continuous":
      return any(ContinuousVestingAccount, { baseVestingAccount, startTime: v.startTime });
    case "periodic":
      return { typeUrl: PeriodicVestingAccount.typeUrl, value: encodePeriodic(baseVestingAccount, v.startTime, v.periods) };
  }
}

/** What every kind of account has. */
export const baseOf = ({ address, pubKey, accountNumber, sequence }: Account): BaseAccount => ({ address, ...(pubKey ? { pubKey } : {}), accountNumber, sequence });

const any = <T>(codec: Codec<T>, message: T): Any => ({ typeUrl: codec.typeUrl, value: codec.encode(message) });

/** Throws one line that begins with the field for what is no account. */
export function parseAccount({ typeUrl, value }: Any): Account {
  switch (typeUrl) {
    case BaseAccount.typeUrl:
      return BaseAccount.decode(value);
    case ModuleAccount.typeUrl: {
      const { baseAccount, name, permissions } = ModuleAccount.decode(value);
      return { ...present(baseAccount, "base_account"), module: { name, permissions } };
    }
    case BaseVestingAccount.typeUrl:
      return vestingAccount(BaseVestingAccount.decode(value), "", { kind: "base" });
    case DelayedVestingAccount.typeUrl:
      return vestingAccount(DelayedVestingAccount.decode(value).baseVestingAccount, VESTING, { kind: "delayed" });
    case PermanentLockedAccount.typeUrl:
      return vestingAccount(PermanentLockedAccount.decode(value).baseVestingAccount, VESTING, { kind: "permanent" });
    case ContinuousVestingAccount.typeUrl: {
      const { baseVestingAccount, startTime } = ContinuousVestingAccount.decode(value);
      return vestingAccount(baseVestingAccount, VESTING, { kind: "continuous", startTime });
    }
    case PeriodicVestingAccount.typeUrl: {
      const { base, startTime, periods } = decodePeriodic(value);
      return vestingAccount(base, VESTING, { kind: "periodic", startTime, periods });
    }
    default:
      throw new Error(`: got a ${typeUrl}, want an account`);
  }
}

const VESTING = "base_vesting_account.";

function vestingAccount(base: BaseVestingAccount | undefined, at: string, schedule: Schedule): Account {
  const { baseAccount, originalVesting, delegatedFree, delegatedVesting, endTime } = present(base, VESTING.slice(0, -1));
  const vesting: Vesting = {
    original: coinsAt(originalVesting, `${at}original_vesting`),
    delegatedFree: coinsAt(delegatedFree, `${at}delegated_free`),
    delegatedVesting: coinsAt(delegatedVesting, `${at}delegated_vesting`),
    endTime,
    ...schedule,
  };
  return { ...present(baseAccount, `${at}base_account`), vesting };
}

function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`.${field}: is missing`);
  return value;
}

/** As the SDK keeps it, so that a client which reads the store finds what it knows. */
export const accountValue: ValueCodec<Account> = {
  encode: (account) => Any.encode(anyAccount(account)),
  decode: (bytes) => parseAccount(Any.decode(bytes)),
};
