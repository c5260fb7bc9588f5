/** The real command line as a process: what it says, and with which code it ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { entry } from "#platform/entry.js";

export interface Ended {
  /** null: ended by a signal */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** lines of standard error */
  readonly lines: readonly string[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** resolves when standard error holds the text; rejects when the process ends before */
  says(text: string): Promise<void>;
}

export interface Surroundings {
  readonly home: string;
  readonly node: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Variables of whoever runs the tests must not reach the process. */
function environment({ home, node, env }: Surroundings): NodeJS.ProcessEnv {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("POUWD_") || name === "POUWD_COMPILED"));
  return { ...clean, POUWD_HOME: home, POUWD_NODE: node, POUWD_KEYRING_BACKEND: "test", ...env };
}

export function start(args: readonly string[], around: Surroundings): Started {
  const { command, args: argv } = entry("client/main", ...args);
  const child = spawn(command, argv, { env: environment(around), stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(around.input ?? "");
  let stdout = "";
  let stderr = "";
  const watchers: (() => void)[] = [];
  child.stdout.on("data", (d: Buffer) => (stdout += d.toString()));
  child.stderr.on("data", (d: Buffer) => {
    stderr += d.toString();
    for (const look of watchers) look();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr, lines: stderr.split("\n").filter((l) => l !== "") }));
  });
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve();
      watchers.push(look);
      look();
      void ended.then((e) => reject(new Error(`pouwd ended with ${e.code} before it said "${text}": ${e.stderr}`)));
    });
  return { child, ended, says };
}

export const run = (args: readonly string[], around: Surroundings): Promise<Ended> => start(args, around).ended;
