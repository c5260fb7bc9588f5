/** Parameters of downtime and double signing: the Cosmos SDK's, with its defaults. */
import { decOf, type Dec, fromWire, ONE, roundInt, mul } from "#kernel/dec.js";
import { asciiText, utf8 } from "#kernel/bytes.js";
import { defineParams } from "#kernel/params.js";
import { MAX_DURATION_NS, nanosecondsOf } from "#kernel/time.js";
import { Params } from "#proto/gen/cosmos/slashing/v1beta1/slashing.js";
import { store } from "./store.js";

const dec = (d: Dec): Uint8Array => utf8(`${d}`);
export const decOfBytes = (b: Uint8Array): Dec => fromWire(asciiText(b));

export const params = defineParams(store, 0x00, Params, {
  defaults: {
    signedBlocksWindow: 100n,
    minSignedPerWindow: dec(ONE / 2n),
    downtimeJailDuration: { seconds: 600n, nanos: 0 },
    slashFractionDoubleSign: dec(ONE / 20n),
    slashFractionDowntime: dec(ONE / 100n),
  },
  check(p) {
    if (p.signedBlocksWindow < 1n || p.signedBlocksWindow > 1n << 32n) return `signed_blocks_window: got ${p.signedBlocksWindow}, want 1 to ${1n << 32n}`;
    const jail = nanosecondsOf(p.downtimeJailDuration);
    if (jail <= 0n) return "downtime_jail_duration: want more than nothing";
    if (jail > MAX_DURATION_NS) return `downtime_jail_duration: got ${jail} nanoseconds, want at most ${MAX_DURATION_NS}`;
    for (const [name, value] of [["min_signed_per_window", p.minSignedPerWindow], ["slash_fraction_double_sign", p.slashFractionDoubleSign], ["slash_fraction_downtime", p.slashFractionDowntime]] as const) {
      const d = decOfBytes(value);
      if (d < 0n || d > ONE) return `${name}: want 0 to 1`;
    }
    return undefined;
  },
});

/** Blocks of a window that a validator has to sign. */
export const leastSigned = (p: Params): bigint => roundInt(mul(decOfBytes(p.minSignedPerWindow), decOf(p.signedBlocksWindow)));
