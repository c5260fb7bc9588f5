/** Who was jailed comes back. */
import { utf8 } from "#kernel/bytes.js";
import { ONE } from "#kernel/dec.js";
import { MsgUnjail, MsgUpdateParams } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";
import { valoper } from "./staking.js";

function unjail(s: Simulation): void {
  const all = s.chain.k.staking.all(s.chain.ctx);
  const jailed = all.filter((v) => v.jailed);
  const v = s.random.some(jailed.length > 0 ? jailed : s.random.percent(5) ? all : []);
  if (v) s.send(MsgUnjail, { validatorAddr: valoper(s, v.operator) });
}

const fraction = (s: Simulation, most: number): Uint8Array => utf8(`${(BigInt(s.random.between(0, most)) * ONE) / 100n}`);

export const slashing: ModuleOperations = {
  operations: [[6, unjail]],
  governed: [
    (s) => {
      const { random } = s;
      const params = changed(s, s.chain.k.slashing.params(s.chain.ctx), {
        signedBlocksWindow: () => BigInt(random.between(5, 40)), minSignedPerWindow: () => fraction(s, 70), downtimeJailDuration: () => ({ seconds: BigInt(random.between(1, 20)), nanos: random.below(1_000_000_000) }),
        slashFractionDoubleSign: () => fraction(s, 30), slashFractionDowntime: () => fraction(s, 10),
      });
      return encoded(MsgUpdateParams, { authority: s.authority, params });
    },
  ],
};
