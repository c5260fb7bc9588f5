/** What a reader knows of the lowest anchored rounds (protocol/log/rounds.ts), on disk: a restarted one judges as it did before. */
import { type Database, levelKey } from "#platform/level.js";
import type { RoundRun } from "#protocol/log/rounds.js";

const PREFIX = "a";
/** one write is enough for a run that grows block by block */
const key = (taskId: bigint, from: bigint): Uint8Array => levelKey(PREFIX, taskId, from);

export async function keptRounds(db: Database, taskId: bigint): Promise<RoundRun[]> {
  const out: RoundRun[] = [];
  for await (const [k, value] of db.range(key(taskId, 0n), levelKey(PREFIX, taskId + 1n, 0n))) {
    const v = new DataView(value.buffer, value.byteOffset, value.byteLength);
    out.push({ from: new DataView(k.buffer, k.byteOffset, k.byteLength).getBigUint64(9), to: v.getBigUint64(0), lowest: v.getBigInt64(8) });
  }
  return out;
}

export function keepRound(db: Database, taskId: bigint, { from, to, lowest }: RoundRun): Promise<void> {
  const value = new Uint8Array(16);
  const v = new DataView(value.buffer);
  v.setBigUint64(0, to);
  v.setBigInt64(8, lowest);
  return db.write([{ key: key(taskId, from), value }]);
}

export const forgetRounds = (db: Database, taskId: bigint): Promise<void> => db.clear(key(taskId, 0n), levelKey(PREFIX, taskId + 1n, 0n));
