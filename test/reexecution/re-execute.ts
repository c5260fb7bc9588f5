/** Every recorded iteration is accepted, and refused with one bit flipped; the first that is not throws. */
import { type Engine } from "#engine/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { checkForm } from "#protocol/log/check.js";
import { Drbg } from "#protocol/draws/drbg.js";
import { type Reason, REASONS } from "#protocol/verification/reasons.js";
import { type VerifyOutcome } from "#protocol/verification/verify.js";
import { contextOf, type Recording, verifierOf } from "../../bench/training/recording.js";
import { Flips } from "./flips.js";

export interface Outcome {
  readonly accepted: number;
  /** by what was hit: reasons, and how often each */
  readonly refused: Readonly<Record<string, Readonly<Partial<Record<Reason, number>>>>>;
}

type Verdict = Extract<VerifyOutcome, { needs?: undefined }>;

export async function reExecute(recording: Recording, engine: Engine, iterations: number, seed: Uint8Array): Promise<Outcome> {
  const ctx = contextOf(recording.bench, recording.keys);
  const verify = await verifierOf(recording, engine);
  const flips = new Flips(recording, new Drbg(nodeCrypto, seed));
  const refused: Record<string, Partial<Record<Reason, number>>> = {};
  let accepted = 0;
  for (let n = 0; n < iterations; n++) {
    const slot = n % recording.bench.spec.slots;
    const seq = BigInt(Math.floor(n / recording.bench.spec.slots)) + 1n;
    const at = `iteration ${slot}/${seq}`;
    const message = recording.log[slot]?.[Number(seq) - 1];
    if (!message) throw new Error(`${at} was not recorded`);

    const form = checkForm(ctx, message);
    if (!form.ok) throw new Error(`${at} is refused: ${form.violation.text}`);
    const honest = verify(slot, seq);
    if (honest.needs !== undefined || honest.code !== VerdictCode.VERDICT_VALID) throw new Error(`${at} is refused: ${honest.needs ?? honest.detail}`);
    accepted++;

    const flip = flips.of(slot, seq);
    const unsigned = flip.unsigned && checkForm(ctx, flip.unsigned);
    if (unsigned?.ok) throw new Error(`${at} with a flipped bit of its ${flip.what} passes under the signature of the right one`);
    const reason = refusal(verify(slot, seq, flip.changed), () => verify(slot, seq, { ...flip.changed, residual: null }));
    // A later height is a true header of another iteration: which block a miner had applied is its own to say, and only its
    // signature tells that it did not say so.
    const told = reason ?? (flip.what === "header height" && unsigned ? "signature" : undefined);
    if (told === undefined) throw new Error(`${at} with a flipped bit of its ${flip.what} is VALID`);
    if (reason && flip.reasons && !flip.reasons.includes(reason)) throw new Error(`${at} with a flipped bit of its ${flip.what} is refused for ${reason}, want ${flip.reasons.join(" or ")}`);
    const counts = (refused[flip.what] ??= {});
    counts[told] = (counts[told] ?? 0) + 1;
  }
  return { accepted, refused };
}

/** The reason of a verdict that is not VALID. A residual of another hash is not it: the verifier asks on until nobody is left. */
function refusal(outcome: VerifyOutcome, withoutResidual: () => VerifyOutcome): Reason | undefined {
  const last = outcome.needs === "residual" ? withoutResidual() : outcome;
  if (last.needs !== undefined) throw new Error(`the verifier asks for a ${last.needs} that it was given`);
  const { code, reason, detail } = last as Verdict;
  if (code === VerdictCode.VERDICT_VALID) return undefined;
  const name = REASONS.find((r) => r.number === reason)?.name;
  if (!name) throw new Error(`refused without a reason: ${detail}`);
  return name;
}
