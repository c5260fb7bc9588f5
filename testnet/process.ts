/** One child process of a local network: started, watched, restarted when it may be, stopped with grace. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** start it again when it ends by itself, with back-off */
  readonly restart: boolean;
}

const BACK_OFF = [200, 500, 1000, 2000, 5000, 10000];
const STEADY_MS = 20000;
const GRACE_MS = 8000;

export class ManagedProcess {
  private child: ChildProcess | undefined;
  private wanted = false;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  restarts = 0;

  constructor(
    readonly options: ProcessOptions,
    private readonly changed: () => void,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }
  get running(): boolean {
    return this.child !== undefined;
  }

  start(): void {
    this.wanted = true;
    if (this.child || this.timer) return;
    const log = openSync(this.options.logFile, "a");
    const child = spawn(this.options.command, [...this.options.args], {
      env: { ...process.env, ...this.options.env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.child = child;
    const since = Date.now();
    let over = false;
    const ended = () => {
      if (over) return;
      over = true;
      this.child = undefined;
      this.failures = Date.now() - since > STEADY_MS ? 0 : this.failures + 1;
      if (this.wanted && this.options.restart) {
        const wait = BACK_OFF[Math.min(this.failures, BACK_OFF.length - 1)] as number;
        this.timer = setTimeout(() => {
          this.timer = undefined;
          if (!this.wanted) return;
          this.restarts++;
          this.start();
        }, wait);
      }
      this.changed();
    };
    child.once("exit", ended);
    child.once("error", ended);
    this.changed();
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.wanted = false;
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
    const child = this.child;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await gone;
    clearTimeout(force);
  }
}
