/** Parameters as a proposal would change them: a few of them, the others as they are. */
import type { Simulation } from "../simulation.js";

type Changes<P> = { readonly [K in keyof P]?: () => P[K] };

export function changed<P extends object>({ random }: Simulation, params: P, changes: Changes<P>): P {
  const next = { ...params };
  const names = Object.keys(changes) as (keyof P)[];
  for (let i = random.between(1, 2); i > 0; i--) {
    const name = random.pick(names);
    next[name] = (changes[name] as () => P[keyof P])();
  }
  return next;
}
