/** What the keeper runs: validators, each a unit that mends itself, and workers, which stay ended when they end. */
import { join } from "node:path";
import { type ProcessSpec, type Supervisor, superviseProcesses } from "#app/supervise/index.js";
import { pidFileOf, type UnitOptions, validatorUnit } from "#app/unit.js";
import { type ProcessState } from "./control.js";
import { type ProcessOptions, WorkerProcess } from "./process.js";

export interface Unit {
  readonly name: string;
  start(): Promise<void>;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  states(): ProcessState[];
}

export class ValidatorUnit implements Unit {
  private running: Supervisor | undefined;
  private starting: Promise<void> | undefined;
  private readonly specs: ProcessSpec[];

  constructor(
    readonly name: string,
    private readonly options: UnitOptions,
    private readonly changed: () => void,
  ) {
    this.specs = validatorUnit(options);
  }

  start(): Promise<void> {
    if (this.running) return Promise.resolve();
    this.starting ??= superviseProcesses(this.specs, {
      log: (line) => console.error(`${new Date().toISOString()} ${this.name}: ${line}`),
      pidFile: pidFileOf(this.options.home),
      onChange: this.changed,
    }).then((unit) => {
      this.running = unit;
      this.starting = undefined;
      this.changed();
      void unit.finished.then(() => {
        if (this.running === unit) this.running = undefined;
        this.changed();
      });
    });
    return this.starting;
  }

  async stop(): Promise<void> {
    await this.starting;
    await this.running?.stop();
  }

  states(): ProcessState[] {
    const pids = this.running?.pids() ?? {};
    const starts = this.running?.starts() ?? {};
    return this.specs.map(({ name }) => ({ name: `${this.name}.${name}`, pid: pids[name], running: pids[name] !== undefined, restarts: Math.max(0, (starts[name] ?? 0) - 1) }));
  }
}

export class WorkerUnit implements Unit {
  private readonly process: WorkerProcess;
  private starts = 0;

  constructor(options: ProcessOptions, changed: () => void) {
    this.process = new WorkerProcess(options, changed);
    this.name = options.name;
  }
  readonly name: string;

  async start(): Promise<void> {
    if (this.process.start()) this.starts++;
  }
  stop(): Promise<void> {
    return this.process.stop();
  }
  states(): ProcessState[] {
    return [{ name: this.name, pid: this.process.pid, running: this.process.pid !== undefined, restarts: Math.max(0, this.starts - 1) }];
  }
}

/** Where a worker's output goes. */
export const workerLog = (home: string, role: string): string => join(home, `${role}.log`);
