/** What must hold of the state after every block, checked on demand: all of the state is walked, so no block does it. */
import { utf8 } from "#kernel/bytes.js";
import { type QueryContext } from "#kernel/context.js";
import { type RunningModule } from "./assemble.js";

export interface Broken {
  readonly module: string;
  readonly invariant: string;
  readonly fault: string;
}

export interface InvariantsReport {
  readonly height: string;
  readonly checked: number;
  readonly broken: readonly Broken[];
}

export function checkInvariants(modules: readonly Pick<RunningModule, "name" | "invariants">[], ctx: QueryContext): InvariantsReport {
  const broken: Broken[] = [];
  let checked = 0;
  for (const m of modules) {
    for (const [invariant, check] of Object.entries(m.invariants ?? {})) {
      checked++;
      const fault = outcome(() => check(ctx));
      if (fault !== undefined) broken.push({ module: m.name, invariant, fault });
    }
  }
  return { height: `${ctx.block.height}`, checked, broken };
}

/** State so broken that it cannot be read breaks the invariant too. */
function outcome(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (e) {
    return `the check itself failed: ${(e as Error).message}`;
  }
}

/** The report as JSON, kept until it is asked for at another height. */
export function invariantsAnswer(modules: readonly Pick<RunningModule, "name" | "invariants">[]): (ctx: QueryContext) => Uint8Array {
  let last: { readonly height: bigint; readonly answer: Uint8Array } | undefined;
  return (ctx) => {
    if (last?.height !== ctx.block.height) last = { height: ctx.block.height, answer: utf8(JSON.stringify(checkInvariants(modules, ctx))) };
    return last.answer;
  };
}
