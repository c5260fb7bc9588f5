/**
 * What a machine was given and what it did, a line each, for whoever wants to replay it (scripts/replay-trace). Only where the
 * operator names a folder in POUWD_TRACE: it holds every message of the task.
 */
import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { join } from "node:path";

export interface Trace {
  line(text: string): void;
  close(): Promise<void>;
}

/** A trace file of its own in the folder, or undefined where none is named. */
export function openTrace(name: string, folder = process.env["POUWD_TRACE"]): Trace | undefined {
  if (!folder) return undefined;
  mkdirSync(folder, { recursive: true });
  const file: WriteStream = createWriteStream(join(folder, `${name}-${process.pid}.jsonl`), { flags: "a" });
  return {
    line: (text) => void file.write(`${text}\n`),
    close: () => new Promise((resolve) => void file.end(resolve)),
  };
}
