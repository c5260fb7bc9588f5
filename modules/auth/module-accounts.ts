/** Module accounts as the Cosmos SDK tells of them: what each may do is declared by its module. */
import { type Environment } from "#kernel/environment.js";
import { type Right } from "#kernel/accounts.js";
import { type Account, type ModuleAccountDeclaration } from "./types.js";

const PERMISSIONS: Readonly<Record<Right, string>> = { mint: "minter", burn: "burner", stake: "staking" };

export const permissionsOf = ({ may }: ModuleAccountDeclaration): string[] => may.map((right) => PERMISSIONS[right]);

/** The declaration of the module account at an address. */
export const declaredAt = (env: Environment, declared: readonly ModuleAccountDeclaration[], address: string): ModuleAccountDeclaration | undefined =>
  declared.find(({ name }) => env.addresses.module(name) === address);

/** An account as the one of this module. */
export const asModule = (account: Account, declared: ModuleAccountDeclaration): Account => ({ ...account, module: { name: declared.name, permissions: permissionsOf(declared) } });
