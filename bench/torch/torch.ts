/** PyTorch beside the engine, in a process of its own that waits while the engine is timed. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repositoryRoot } from "#platform/entry.js";

export interface Torch {
  readonly version: string;
  samplesPerSecond(model: string, batch: number, milliseconds: number): Promise<number>;
  peakBytes(): Promise<number>;
  stop(): void;
}

/** The Python of $POUWD_PYTHON, or python3, when it has torch; else why there is none. */
export async function startTorch(python = process.env["POUWD_PYTHON"] ?? "python3"): Promise<Torch | { readonly reason: string }> {
  const child: ChildProcess = spawn(python, [join(repositoryRoot, "bench", "torch", "train.py")], { stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stderr?.on("data", (d: Buffer) => (complaints += d.toString()));
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator]();
  const gone = new Promise<string>((resolve) => {
    child.once("error", (e) => resolve(e.message));
    child.once("close", () => resolve(complaints.trim().split("\n").at(-1) ?? "it ended"));
  });
  const first = await Promise.race([lines.next().then((l) => (l.value as string | undefined) ?? gone), gone]);
  const version = /^ready (\S+)$/.exec(first)?.[1];
  if (version === undefined) return { reason: `${python} has no PyTorch (${first}); pip install torch, and POUWD_PYTHON names its Python` };
  const ask = async (line: string): Promise<number> => {
    child.stdin?.write(`${line}\n`);
    return Number((await lines.next()).value);
  };
  return {
    version,
    samplesPerSecond: (model, batch, ms) => ask(`${model} ${batch} ${ms}`),
    peakBytes: () => ask("peak"),
    stop: () => void child.stdin?.end(),
  };
}
