import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { isBlockDataTx } from "#protocol/block-data.js";
import { entry } from "#platform/entry.js";
import { lacking } from "./coverage.js";
import { readRecording, type RecordedBlock, type Recording, writeRecording } from "./recording.js";

const FIXTURE = fileURLToPath(new URL("chain.gz", import.meta.url));
const AGAIN = "if the state machine changed on purpose, record the chain again: scripts/record-chain";

const recording = readRecording(FIXTURE);
const recorded = recording.blocks.map(({ request, agreed }) => `${request.height} ${Buffer.from(agreed.appHash).toString("hex").toUpperCase()}`);

interface Replayed {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly error: string;
}

/** A process of its own: the zone and the locale are read when Node starts. */
function replay(file: string, env: Readonly<Record<string, string>> = {}, nodeArguments: readonly string[] = []): Promise<Replayed> {
  const { command, args } = entry("test/determinism/replay", file);
  const { LANG: _lang, LC_ALL: _all, TZ: _tz, NODE_OPTIONS: _options, ...rest } = process.env;
  return new Promise((resolve) => {
    const child = execFile(command, [...nodeArguments, ...args], { env: { ...rest, ...env }, maxBuffer: 1 << 24 }, (_e, stdout, error) =>
      resolve({ code: child.exitCode, lines: stdout.split("\n").filter(Boolean), error }),
    );
  });
}

const PLACES: readonly { name: string; env: Record<string, string>; nodeArguments?: readonly string[] }[] = [
  { name: "UTC and the C locale", env: { TZ: "UTC", LANG: "C", LC_ALL: "C" } },
  { name: "Kathmandu, German and Turkish", env: { TZ: "Asia/Kathmandu", LANG: "de_DE.UTF-8", LC_ALL: "tr_TR.UTF-8" } },
  { name: "a date line away, Swedish, optimising compiler off, a small stack", env: { TZ: "Pacific/Kiritimati", LC_ALL: "sv_SE.UTF-8" }, nodeArguments: ["--no-opt", "--stack-size=400"] },
];

for (const { name, env, nodeArguments } of PLACES) {
  test.serial(`a recorded chain gives its app hash at every height: ${name}`, async (t) => {
    t.timeout(4 * 60_000);
    const { code, lines, error } = await replay(FIXTURE, env, nodeArguments);
    t.is(error, "", AGAIN);
    t.is(code, 0);
    t.deepEqual(lines, recorded);
  });
}

test("the recorded chain exercises bank, workers, tasks, supervision, work and evaluation, failures and absent votes", (t) => {
  t.deepEqual(lacking(recording), []);
  t.true(recording.blocks.length > 50);
});

test("the replaying processes really are elsewhere", async (t) => {
  const ask = (env: Record<string, string>) =>
    new Promise<string>((resolve, reject) => {
      const code = "const d = new Date(0); console.log(d.getTimezoneOffset(), (1234.5).toLocaleString(), 'I'.toLocaleLowerCase())";
      execFile(process.execPath, ["-e", code], { env: { PATH: process.env.PATH ?? "", ...env } }, (e, out) => (e ? reject(e) : resolve(out.trim())));
    });
  const said = await Promise.all(PLACES.map(({ env }) => ask(env)));
  t.is(new Set(said).size, PLACES.length, said.join(" | "));
});

/** The recording up to and with a block, which is changed; the app hash it says for it stays. */
function altered(height: number, change: (b: RecordedBlock) => RecordedBlock): Recording {
  const blocks = recording.blocks.slice(0, height);
  const last = blocks.pop();
  if (!last) throw new Error("no such block");
  return { ...recording, blocks: [...blocks, change(last)] };
}

async function differsOnlyAt(t: ExecutionContext, height: number, change: (b: RecordedBlock) => RecordedBlock): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "altered-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "chain.gz");
  writeRecording(file, altered(height, change));
  const { code, lines, error } = await replay(file);
  t.is(code, 1, "the replay says so by its exit code");
  t.regex(error, new RegExp(`height ${height}: `));
  t.is(lines.length, height);
  t.deepEqual(lines.slice(0, -1), recorded.slice(0, height - 1));
  t.not(lines.at(-1), recorded[height - 1]);
}

test.serial("one changed bit of a transaction gives another app hash at its height, and the replay ends there with 1", async (t) => {
  const at = recording.blocks.findIndex(({ request, agreed }) => request.txs.some((tx, i) => !isBlockDataTx(tx) && agreed.txResults[i]?.code === 0));
  await differsOnlyAt(t, at + 1, (b) => {
    const i = b.request.txs.findIndex((tx, n) => !isBlockDataTx(tx) && b.agreed.txResults[n]?.code === 0);
    // the last byte of a transaction is its signature's
    const txs = b.request.txs.map((tx, n) => (n === i ? Uint8Array.from(tx, (v, k) => (k === tx.length - 1 ? v ^ 1 : v)) : tx));
    return { ...b, request: { ...b.request, txs } };
  });
});

test.serial("a time that is one second later gives another app hash at its height", async (t) => {
  const { seconds, nanos } = recording.blocks[0]?.request.time ?? { seconds: 0n, nanos: 0 };
  await differsOnlyAt(t, 1, (b) => ({ ...b, request: { ...b.request, time: { seconds: seconds + 1n, nanos } } }));
});
