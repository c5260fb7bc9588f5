import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { isAlive, type ProcessSpec, readPids, superviseProcesses, type SuperviseOptions } from "./index.js";

/** Runs until SIGTERM; notes its start and end in a file that all share. */
const SCRIPT = `
const { appendFileSync } = require("node:fs");
const [, name, notes, mode] = process.argv;
const note = (what) => appendFileSync(notes, name + " " + what + "\\n");
note("start");
if (mode === "crash") process.exit(3);
if (mode === "fatal") process.exit(78);
process.on("SIGTERM", () => { note("term"); if (mode !== "deaf") process.exit(0); });
setInterval(() => {}, 1000);
`;

async function setUp(t: ExecutionContext) {
  const dir = await mkdtemp(join(tmpdir(), "supervise-"));
  const notes = join(dir, "notes");
  await writeFile(notes, "");
  const lines: string[] = [];
  const read = async () => (await readFile(notes, "utf8")).split("\n").filter((l) => l.length > 0);
  const started = (name: string) => async () => (await read()).includes(`${name} start`);
  const script = (name: string, more: Partial<ProcessSpec> & { mode?: string } = {}): ProcessSpec => {
    const { mode = "run", ...rest } = more;
    return { name, command: process.execPath, args: ["-e", SCRIPT, name, notes, mode], env: { PATH: process.env["PATH"] }, readyWhen: started(name), ...rest };
  };
  const options: SuperviseOptions = { log: (l) => lines.push(l), pidFile: join(dir, "pids.json"), graceMs: 3000, backoff: { firstMs: 20, lastMs: 80, stableMs: 60_000 } };
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return { dir, read, lines, script, options };
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await what()) return;
    await sleep(20);
  }
  throw new Error("waited 20 s in vain");
}

test("processes start in order, each after the one before is ready, and stop in reverse", async (t) => {
  const { read, script, options } = await setUp(t);
  const seen: string[] = [];
  const unit = await superviseProcesses([script("node"), script("engine", { dependsOn: ["node"] }), script("verifier")], {
    ...options,
    onChange: (pids) => seen.push(Object.keys(pids).join("+")),
  });
  await unit.ready;
  await until(async () => (await read()).length === 3);
  const { supervisor, ...pids } = readPids(options.pidFile);
  t.is(supervisor, process.pid);
  t.deepEqual(pids, { ...unit.pids() });
  t.deepEqual(Object.keys(pids), ["node", "engine", "verifier"]);
  await sleep(100); // all have their SIGTERM handlers
  await unit.stop();
  t.is(await unit.finished, undefined);
  t.deepEqual(await read(), ["node start", "engine start", "verifier start", "verifier term", "engine term", "node term"]);
  t.deepEqual(seen, ["node", "node+engine", "node+engine+verifier", "node+engine", "node", ""]);
  t.true(Object.values(pids).every((pid) => !isAlive(pid)));
  t.deepEqual(readPids(options.pidFile), {});
});

test("an application killed takes its engine along and both start again, the verifier goes on", async (t) => {
  const { script, options, lines } = await setUp(t);
  const unit = await superviseProcesses([script("node"), script("engine", { dependsOn: ["node"] }), script("verifier")], options);
  await unit.ready;
  const before = { ...unit.pids() };
  process.kill(before["node"] as number, "SIGKILL");
  await until(() => unit.starts()["engine"] === 2 && Object.keys(readPids(options.pidFile)).length === 4);
  const after = { ...unit.pids() };
  t.not(after["node"], before["node"]);
  t.not(after["engine"], before["engine"]);
  t.is(after["verifier"], before["verifier"]);
  t.deepEqual({ ...unit.starts() }, { node: 2, engine: 2, verifier: 1 });
  t.false(isAlive(before["engine"] as number));
  t.regex(lines[0] ?? "", /^node was ended by SIGKILL after \d+\.\d s: starting it again in 20 ms$/);
  t.true(lines.includes("engine is stopped because node ended"));

  process.kill(after["engine"] as number, "SIGKILL");
  await until(() => unit.starts()["engine"] === 3);
  t.is(unit.pids()["node"], after["node"]);
  await unit.stop();
});

test("a process that keeps dying is started again with doubled delays up to the last one", async (t) => {
  const { script, options, lines } = await setUp(t);
  const unit = await superviseProcesses([script("node", { mode: "crash", readyWhen: () => false })], options);
  const failure = t.throwsAsync(unit.ready, { message: "stopped before all processes were ready" });
  await until(() => lines.length >= 5);
  await unit.stop();
  await failure;
  t.deepEqual(lines.slice(0, 5).map((l) => /exited with code 3 .* in (\d+) ms/.exec(l)?.[1]), ["20", "40", "80", "80", "80"]);
});

test("an exit code that a restart cannot help, and a missing command, stop the whole unit with the reason", async (t) => {
  const { script, options, lines } = await setUp(t);
  const unit = await superviseProcesses([script("node"), script("engine", { mode: "fatal", fatalExitCodes: [78], readyWhen: () => false })], options);
  await t.throwsAsync(unit.ready, { message: "engine exited with code 78" });
  t.deepEqual(await unit.finished, { name: "engine", reason: "engine exited with code 78" });
  t.deepEqual({ ...unit.pids() }, {});
  t.true(lines.includes("engine exited with code 78: all processes are stopped"));
  const missing = await superviseProcesses([{ name: "engine", command: "/nowhere/cometbft", args: [] }], options);
  t.regex((await missing.finished)?.reason ?? "", /^engine cannot be started: .*ENOENT/);
});

test("a process that ignores SIGTERM gets SIGKILL after the grace period", async (t) => {
  const { read, script, options, lines } = await setUp(t);
  const unit = await superviseProcesses([script("node", { mode: "deaf" })], { ...options, graceMs: 200 });
  await unit.ready;
  await sleep(100);
  const pid = unit.pids()["node"] as number;
  await unit.stop();
  t.true((await read()).includes("node term"));
  t.false(isAlive(pid));
  t.deepEqual(lines, ["node did not end within 200 ms of SIGTERM: SIGKILL"]);
});

test("what a killed supervisor left running is ended at the next start, but neither a stranger with that number nor a live supervisor's processes", async (t) => {
  const { script, options, lines, dir } = await setUp(t);
  const spec = script("node");
  const left = spawn(spec.command, spec.args, { stdio: "ignore" });
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.teardown(() => [left, stranger].forEach((p) => p.kill("SIGKILL")));
  await until(async () => (await readFile(join(dir, "notes"), "utf8")).includes("node start"));
  await writeFile(options.pidFile, JSON.stringify({ supervisor: 999_999_999, node: left.pid, engine: stranger.pid }));
  const unit = await superviseProcesses([spec, script("engine")], options);
  await unit.ready;
  t.false(isAlive(left.pid as number));
  t.true(isAlive(stranger.pid as number));
  t.is(lines[0], `node of an earlier start is still running (pid ${left.pid}): ending it`);
  await unit.stop();

  // A live one: this file says that the stranger is run by this test's process, asked from another process.
  await writeFile(options.pidFile, JSON.stringify({ supervisor: process.pid, node: stranger.pid }));
  const asked = spawn(process.execPath, ["--conditions=source", "--import=tsx", "--input-type=module", "-e", `
    const { superviseProcesses } = await import(${JSON.stringify(new URL("index.ts", import.meta.url).href)});
    await superviseProcesses([{ name: "node", command: "true", args: [] }], { log() {}, pidFile: ${JSON.stringify(options.pidFile)} }).catch((e) => console.log(e.message));
  `], { cwd: new URL("../..", import.meta.url), stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  asked.stdout.on("data", (d: Buffer) => (said += d.toString()));
  await new Promise((resolve) => asked.once("close", resolve));
  t.is(said.trim(), `${options.pidFile}: node (pid ${stranger.pid}) is run by pid ${process.pid}; stop that one first`);
});

test("names given twice and dependencies on a later process are refused", async (t) => {
  const { script, options } = await setUp(t);
  await t.throwsAsync(superviseProcesses([script("a"), script("a")], options), { message: "process a is named twice" });
  await t.throwsAsync(superviseProcesses([script("a", { dependsOn: ["b"] }), script("b")], options), { message: "process a depends on b, which is not started before it" });
});
