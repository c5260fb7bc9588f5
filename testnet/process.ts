/** One worker's process: started, watched, stopped with grace. It is not started again by itself: a worker that is gone is a test's business. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const GRACE_MS = 8000;

export class WorkerProcess {
  private child: ChildProcess | undefined;

  constructor(
    readonly options: ProcessOptions,
    private readonly changed: () => void,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** False when it runs already. */
  start(): boolean {
    if (this.child) return false;
    const log = openSync(this.options.logFile, "a");
    const child = spawn(this.options.command, [...this.options.args], {
      env: { ...process.env, ...this.options.env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.child = child;
    const ended = () => {
      if (this.child !== child) return;
      this.child = undefined;
      this.changed();
    };
    child.once("exit", ended);
    child.once("error", ended);
    this.changed();
    return true;
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    const { child } = this;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await gone;
    clearTimeout(force);
  }
}
