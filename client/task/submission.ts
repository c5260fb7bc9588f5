/** What a client must not lose between creating a task and revealing its test set: on disk before the task is. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { writePrivate } from "#platform/keys.js";
import { type PreparedData } from "../data/prepare.js";

export interface Blob {
  readonly cid: string;
  readonly bytes: Uint8Array;
}

export interface Submission {
  readonly key: Uint8Array;
  readonly blobs: readonly Blob[];
}

const folder = (home: string, name: string): string => join(home, "tasks", name);

/** Writes all blobs and the key, fsynced; the folder gets the task's number later. */
export function savePending(home: string, data: PreparedData): Submission {
  const { packed, test } = data;
  const blobs: Blob[] = [
    { cid: packed.manifestCid, bytes: packed.manifestBytes },
    ...packed.manifest.segments.map((s, i) => ({ cid: s.cid, bytes: packed.segments[i] as Uint8Array })),
    { cid: test.cid, bytes: test.sealed },
  ];
  const dir = folder(home, `new-${test.cid}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  blobs.forEach((b, i) => writePrivate(join(dir, `${String(i).padStart(5, "0")}-${b.cid}`), b.bytes));
  writePrivate(join(dir, "key"), Buffer.from(test.key).toString("hex"));
  return { key: test.key, blobs };
}

export function nameTask(home: string, testCid: string, id: bigint): void {
  renameSync(folder(home, `new-${testCid}`), folder(home, `${id}`));
}

/** Throws when this home did not submit the task. */
export function readSubmission(home: string, id: bigint): Submission {
  const dir = folder(home, `${id}`);
  if (!existsSync(join(dir, "key"))) throw new Error(`task ${id} was not submitted from ${home}: its key and data are not there`);
  const key = new Uint8Array(Buffer.from(readFileSync(join(dir, "key"), "utf8").trim(), "hex"));
  const blobs = readdirSync(dir)
    .filter((f) => /^\d{5}-/.test(f))
    .sort()
    .map((f) => ({ cid: f.slice(6), bytes: new Uint8Array(readFileSync(join(dir, f))) }));
  return { key, blobs };
}
