/**
 * A trainer in a process of its own, that waits while others are timed: ours, and what it is compared with. It says
 * `ready VERSION`, answers a line `MODEL BATCH MILLISECONDS` with the samples a second of training that long, and `peak` with
 * its peak memory in bytes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Side {
  readonly version: string;
  samplesPerSecond(model: string, batch: number, milliseconds: number): Promise<number>;
  peakBytes(): Promise<number>;
  stop(): void;
}

/** The side, or the last line of why there is none. */
export async function startSide(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Side | { readonly reason: string }> {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
  let complaints = "";
  child.stderr?.on("data", (d: Buffer) => (complaints = (complaints + d.toString()).slice(-10_000)));
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator]();
  const gone = new Promise<string>((resolve) => {
    child.once("error", (e) => resolve(e.message));
    child.once("close", () => resolve(complaints.trim().split("\n").findLast((l) => /error/i.test(l)) ?? complaints.trim().split("\n").at(-1) ?? "it ended"));
  });
  const first = await Promise.race([lines.next().then((l) => (l.value as string | undefined) ?? gone), gone]);
  const version = /^ready (\S+)$/.exec(first)?.[1];
  if (version === undefined) {
    child.kill();
    return { reason: first };
  }
  const ask = async (line: string): Promise<number> => {
    child.stdin?.write(`${line}\n`);
    const answer = Number((await lines.next()).value ?? Number.NaN);
    if (!Number.isFinite(answer)) throw new Error(`bench: ${command} ${args[0]} ended: ${await gone}`);
    return answer;
  };
  return {
    version,
    samplesPerSecond: (model, batch, ms) => ask(`${model} ${batch} ${ms}`),
    peakBytes: () => ask("peak"),
    stop: () => void child.stdin?.end(),
  };
}

/** The answering side, in Node. */
export async function answer(version: string, train: (model: string, batch: number, milliseconds: number) => number | Promise<number>): Promise<void> {
  console.log(`ready ${version}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [model = "", batch, milliseconds] = line.split(" ");
    console.log(model === "peak" ? process.resourceUsage().maxRSS * 1024 : await train(model, Number(batch), Number(milliseconds)));
  }
}
