/** Losses and scores as they are shown: what is not finite, or more than its field holds, as such and not as a number. */
import { NOT_FINITE } from "#protocol/floats.js";

/** What a header's field says at most (protocol section 2). */
const MOST = NOT_FINITE - 1;
/** What evaluators give a model whose loss is not finite. */
const WORST = -(1n << 63n);
const NONE = "not finite";

export const lossText = (loss: number): string => (Number.isFinite(loss) ? loss.toFixed(4) : NONE);

/** Of a header, in millionths. */
export const headerLossText = (loss: number): string => (loss === NOT_FINITE ? NONE : loss === MOST ? `over ${Math.floor(MOST / 1e6)}` : lossText(loss / 1e6));

/** The same for programs: null where it is not finite. */
export const headerLoss = (loss: number): number | null => (loss === NOT_FINITE ? null : loss / 1e6);

export const isFiniteScore = (score: bigint): boolean => score !== WORST;

/** Of a model, in millionths. */
export const scoreText = (score: bigint): string => (isFiniteScore(score) ? (Number(score) / 1e6).toFixed(6) : NONE);
