/**
 * What a client must not lose between creating a task and revealing its test set: on disk before the task is paid for.
 *
 *     tasks/new-FINGERPRINT/   may be on chain, or not: the next `task submit` of the same task takes it up
 *     tasks/ID/                is on chain
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto } from "#platform/crypto.js";
import { H, str, testKeyHash } from "#protocol/hash.js";
import { writePrivate } from "#platform/keys.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { CliError } from "../cli-error.js";
import { type Blob, type PreparedData } from "../data/prepare.js";

export interface Submission {
  readonly key: Uint8Array;
  readonly keyHash: Uint8Array;
  /** manifest, segments, sealed test set */
  readonly blobs: readonly Blob[];
}

const folder = (home: string, name: string): string => join(home, "tasks", name);
const pending = (home: string, fingerprint: string): string => folder(home, `new-${fingerprint}`);

/**
 * The same for the same task by the same client on the same chain. The key of the test set is drawn anew each time, so
 * what depends on it stays out.
 */
export function fingerprintOf(chainId: string, m: MsgCreateTask): string {
  const { spec } = m;
  if (!spec?.testSet) throw new Error("a task without its data has no fingerprint");
  const testSet = { ...spec.testSet, cid: "", keyHash: new Uint8Array(0) };
  return Buffer.from(H(nodeCrypto, "pouw/client-submission/1", str(chainId), MsgCreateTask.encode({ ...m, spec: { ...spec, testSet } }))).toString("hex");
}

/** The submission that was begun with this fingerprint, or a new one, fsynced; the folder gets the task's number later. */
export function pendingSubmission(home: string, fingerprint: string, data: PreparedData): { submission: Submission; begunBefore: boolean } {
  const dir = pending(home, fingerprint);
  if (existsSync(join(dir, "key"))) return { submission: read(dir), begunBefore: true };
  rmSync(dir, { recursive: true, force: true });
  const { packed, test } = data;
  const blobs: Blob[] = [
    { cid: packed.manifestCid, read: () => packed.manifestBytes },
    ...packed.segments,
    { cid: test.cid, read: () => test.sealed },
  ];
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  blobs.forEach((b, i) => writePrivate(join(dir, `${String(i).padStart(5, "0")}-${b.cid}`), b.read()));
  // last: a folder with a key is whole
  writePrivate(join(dir, "key"), Buffer.from(test.key).toString("hex"));
  return { submission: read(dir), begunBefore: false };
}

/** The task is on chain. A folder of that number is of a chain that was there before: it makes room. */
export function nameTask(home: string, fingerprint: string, id: bigint): void {
  const to = folder(home, `${id}`);
  // another run of the same task was faster
  if (!existsSync(pending(home, fingerprint))) return;
  if (existsSync(to)) renameSync(to, `${to}.before-${fingerprint.slice(0, 16)}`);
  renameSync(pending(home, fingerprint), to);
}

/** Throws when this home did not submit the task. */
export function readSubmission(home: string, id: bigint): Submission {
  const dir = folder(home, `${id}`);
  if (!existsSync(join(dir, "key"))) throw new CliError("state", `task ${id} was not submitted from ${home}: its key and data are not there. Give the --home that submitted it.`);
  return read(dir);
}

function read(dir: string): Submission {
  const key = new Uint8Array(Buffer.from(readFileSync(join(dir, "key"), "utf8").trim(), "hex"));
  const blobs = readdirSync(dir)
    .filter((f) => /^\d{5}-/.test(f))
    .sort()
    .map((f) => ({ cid: f.slice(6), read: () => new Uint8Array(readFileSync(join(dir, f))) }));
  return { key, keyHash: testKeyHash(nodeCrypto, key), blobs };
}
