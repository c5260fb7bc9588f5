/**
 * The parameters that a task keeps from its creation, of this module and of those that take part in its course: whoever put
 * money or work into it did so by them. They stand in the task's record, which every block reads anyway.
 */
import { MAX_BLOCKS } from "#kernel/params.js";
import type { View } from "#kernel/store.js";
import { type Params, Terms } from "#proto/gen/pouw/tasks/v1/types.js";
import type { TasksPorts } from "./types.js";

/** What other modules are set to, as far as it becomes a task's own. */
export type TermsPorts = Pick<TasksPorts, "evaluation" | "matching" | "supervision" | "work">;

/** Of a task that is created now. */
export function termsNow(ports: TermsPorts, view: View, own: Params): Terms {
  return only({ ...own, ...ports.evaluation.params(view), ...ports.matching.params(view), ...ports.supervision.params(view), ...ports.work.params(view) });
}

const NAMES = Terms.fields.map((f) => f.name as keyof Terms);

/** Of parameters that have all of them. */
export const only = (all: Terms): Terms => Object.fromEntries(NAMES.map((name) => [name, all[name]])) as unknown as Terms;

/** Of a record of before tasks had terms of their own; no task that has them is without time to join. */
export const areUnset = (terms: Terms): boolean => terms.joinBlocks === 0n;

const MILLION = 1_000_000;
const MAY_BE_NOTHING: readonly (keyof Terms)[] = ["auditRequestWindow"];

/** One line that begins with the field, on the first thing that no parameters say. */
export function termsFault(terms: Terms): string | undefined {
  for (const { name, proto } of Terms.fields) {
    const value = terms[name as keyof Terms];
    if (typeof value === "bigint") {
      const least = MAY_BE_NOTHING.includes(name as keyof Terms) ? 0n : 1n;
      if (value < least || value > MAX_BLOCKS) return `${proto}: got ${value}, want ${least} to ${MAX_BLOCKS}`;
    } else if (name !== "maxRedraws" && value > MILLION) return `${proto}: got ${value}, want 0 to ${MILLION} parts per million`;
  }
  const shares = terms.supervisorsShare + terms.evaluatorsShare + terms.verifiersShare;
  return shares > MILLION ? `supervisors_share: the shares of supervisors, evaluators and verifiers add up to ${shares}, want at most ${MILLION}` : undefined;
}
