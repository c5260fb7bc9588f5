/** What must hold of the beacon after every block. */
import type { Invariants } from "#kernel/module.js";
import { holds } from "./keeper.js";
import { keys, newest, values } from "./store.js";
import type { BeaconPorts } from "./types.js";

export const beaconInvariants = (ports: BeaconPorts): Invariants => ({
  /** The newest value is the one with the highest height, and every value is a digest. */
  history(ctx) {
    const height = newest.get(ctx);
    if (height === undefined) return "no newest height";
    const all = values.entries(ctx);
    const last = all.at(-1);
    if (!last) return "no value is kept";
    for (const { key: [at], value } of all) if (value.length !== 32) return `beacon at ${at} has ${value.length} bytes`;
    return last.key[0] === height ? undefined : `highest kept height ${last.key[0]} is not the newest, ${height}`;
  },
  "a key is of one validator"(ctx) {
    const all = keys.list(ctx);
    for (const [i, k] of all.entries()) {
      if (!ports.staking.byOperator(ctx, k.validator)) return `there is a key of ${k.validator}, who is no validator`;
      if (!k.current && !k.next) return `the record of ${k.validator} has no key`;
      for (const own of [k.current, k.next]) {
        const other = own && all.slice(0, i).find((o) => holds(o, own.key));
        if (other) return `${other.validator} and ${k.validator} have the same key`;
      }
    }
    return undefined;
  },
});
