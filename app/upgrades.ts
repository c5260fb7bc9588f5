/**
 * Upgrades that this program knows by name: what a vote plans (MsgSoftwareUpgrade) is run by the program that has its name
 * here, in the first block of the plan, and by no other. A program keeps the name of the last upgrade that was applied.
 */
import { type Context } from "#kernel/context.js";

export interface Upgrade {
  readonly name: string;
  /** Before the modules' migrations, where an upgrade does more than these. */
  run?(ctx: Context): void;
}

export const upgrades: readonly Upgrade[] = [];
