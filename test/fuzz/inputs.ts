/** Inputs of a seed: random bytes, and real ones changed in the ways that decoders break on. */

/** Numbers below n, of a seed (mulberry32): a failure is told with its seed and found again. */
export function numbers(seed: number): (n: number) => number {
  let a = seed >>> 0;
  return (n) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

const MAX_BYTES = 2048;
/** varints and lengths that decoders get wrong: the widest, the one too wide, just below and above 32 and 31 bits */
const EDGES: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x80, 0x00],
  [0x0b],
  [0x0c],
  [0xff],
];

function random(below: (n: number) => number): Uint8Array {
  const bytes = new Uint8Array(below(below(4) === 0 ? MAX_BYTES : 40));
  for (let i = 0; i < bytes.length; i++) bytes[i] = below(256);
  return bytes;
}

function mutated(base: Uint8Array, below: (n: number) => number): Uint8Array {
  let bytes = [...base];
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(bytes.length + 1);
    switch (below(6)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes.splice(at, 0, ...(EDGES[below(EDGES.length)] as readonly number[]));
        break;
      case 4:
        bytes.splice(at, below(8));
        break;
      default:
        bytes = [...bytes, ...bytes.slice(at)].slice(0, 4 * MAX_BYTES);
    }
  }
  return Uint8Array.from(bytes);
}

/** One input: random, or one of `bases` changed, or now and then as it is. */
export function input(bases: readonly Uint8Array[], below: (n: number) => number): Uint8Array {
  const kind = below(20);
  const base = bases[below(bases.length)];
  if (!base || kind < 6) return random(below);
  return kind === 19 ? base : mutated(base, below);
}
