/** The first mining target, from the demo task: about this many of its iterations win. */
export const EXPECTED_WINS = 24n;

/**
 * target0 with iterations · F · target0 / 2^256 = EXPECTED_WINS, as 32 big-endian bytes in hexadecimal.
 * Fewer than five wins then has a chance of 10^-6 (Poisson with mean 24).
 */
export function targetFor(iterations: bigint, flop: bigint): string {
  const target = (EXPECTED_WINS << 256n) / (iterations * flop);
  const most = (1n << 256n) - 1n;
  return (target > most ? most : target).toString(16).padStart(64, "0");
}
