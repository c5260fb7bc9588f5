/** Philox 4×32, ten rounds (Salmon et al. 2011): the numbers of one counter depend on nothing before them. */
import { at } from "./elements";

let r0: u32 = 0;
let r1: u32 = 0;
let r2: u32 = 0;
let r3: u32 = 0;

function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let r = 0; r < 10; r++) {
    const p = <u64>0xd2511f53 * <u64>c0;
    const q = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(q >> 32) ^ c1 ^ k0;
    c1 = <u32>q;
    c2 = <u32>(p >> 32) ^ c3 ^ k1;
    c3 = <u32>p;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  r0 = c0;
  r1 = c1;
  r2 = c2;
  r3 = c3;
}

/**
 * Element i takes word i mod 4 of the counter (i div 4, the layer's ordinal, seed words 2, 3) under the key of seed
 * words 0, 1; below the threshold it is dropped, else multiplied by `keep`. The mask holds what each was multiplied by.
 */
export function dropout(n: i32, seed: usize, ordinal: u32, threshold: u32, keep: f32, x: usize, mask: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    philox(<u32>i >> 2, ordinal, load<u32>(seed, 8), load<u32>(seed, 12), load<u32>(seed), load<u32>(seed, 4));
    for (let l = 0; l < 4 && i + l < n; l++) {
      const r = l == 0 ? r0 : l == 1 ? r1 : l == 2 ? r2 : r3;
      const m: f32 = r >= threshold ? keep : 0;
      store<f32>(at(mask, i + l), m);
      store<f32>(at(out, i + l), load<f32>(at(x, i + l)) * m);
    }
  }
}
