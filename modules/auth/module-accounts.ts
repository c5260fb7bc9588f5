/** Module accounts as the Cosmos SDK tells of them. In the store they are accounts like all others: what they may do is declared by their modules. */
import { type Environment } from "#kernel/environment.js";
import { type Right } from "#kernel/accounts.js";
import { BaseAccount, ModuleAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";
import { type Account, type ModuleAccountDeclaration } from "./types.js";

const PERMISSIONS: Readonly<Record<Right, string>> = { mint: "minter", burn: "burner", stake: "staking" };

export const permissionsOf = ({ may }: ModuleAccountDeclaration): string[] => may.map((right) => PERMISSIONS[right]);

/** The declaration of the module account at an address. */
export const declaredAt = (env: Environment, declared: readonly ModuleAccountDeclaration[], address: string): ModuleAccountDeclaration | undefined =>
  declared.find(({ name }) => env.addresses.module(name) === address);

/** An account as queries and genesis have it: a ModuleAccount where a module declares it, else a BaseAccount. */
export function anyAccount(account: Account, declared: ModuleAccountDeclaration | undefined): Any {
  if (!declared) return { typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(account) };
  const value = ModuleAccount.encode({ baseAccount: account, name: declared.name, permissions: permissionsOf(declared) });
  return { typeUrl: ModuleAccount.typeUrl, value };
}
