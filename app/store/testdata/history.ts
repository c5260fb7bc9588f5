/** A fixed history of blocks, the same in every process that makes it: for tests that kill and restart. */
import { type MultiStore, Overlay } from "../index.js";

const names = ["acc", "bank"];
export const options = { names, keepVersions: 5 };

/** Block h: twenty writes and some deletes, the same in every process. */
export function block(store: MultiStore, height: bigint) {
  const overlay = new Overlay(store.latest());
  let x = Number(height);
  for (let i = 0; i < 20; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    const target = overlay.store(names[x % 2] as string);
    const key = Buffer.from(`key ${(x >>> 8) % 60}`);
    if (i % 4 === 3) target.delete(key);
    else target.set(key, Buffer.from(`${height}/${i}`));
  }
  return store.prepare(height, overlay.changes(), new Map([["height", Buffer.from(`${height}`)]]));
}
