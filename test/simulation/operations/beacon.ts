/** Validators without a beacon key register one, others change theirs. */
import { EMPTY } from "#kernel/bytes.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { beaconSignerOf, possessionProof } from "#test/chain/keys.js";
import type { ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";

/** Keys cost tens of milliseconds each, so that there are few. */
const KEYS = 16;

function register(s: Simulation): void {
  const { random, chain } = s;
  const all = chain.k.staking.all(chain.ctx);
  const without = all.filter((v) => !chain.k.beacon.has(chain.ctx, v.operator));
  const v = random.some(without.length > 0 && random.percent(90) ? without : all);
  if (!v || (without.length === 0 && !random.percent(10))) return;
  const hash = chain.environment.crypto;
  const signer = beaconSignerOf(hash, `key ${random.below(KEYS)}`);
  s.send(MsgRegisterBeaconKey, { validator: v.operator, key: signer.key, proof: random.percent(97) ? possessionProof(hash, signer) : EMPTY });
}

export const beacon: ModuleOperations = { operations: [[4, register]] };
