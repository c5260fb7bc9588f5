/**
 * docs/validators.md, done: its commands are run by a shell, block after block, by three people on one machine. Two begin a
 * chain by genesis transactions, a third joins it, is bonded, is jailed, comes back and leaves.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { portIsFree } from "#testnet/free-ports.js";
import { heightOf, rpc, until } from "#testnet/rpc.js";
import { entry, repositoryRoot } from "#platform/entry.js";

/** between two runs of a command that asks; a process each */
const ASKING_MS = 2000;

interface Block {
  readonly name: string;
  readonly who: string;
  readonly start: boolean;
  readonly text: string;
}

const page = readFileSync(join(repositoryRoot, "docs/validators.md"), "utf8");
const blocks: Block[] = [...page.matchAll(/^```sh name=(\S+) who=(\S+)( start)?\n([\s\S]*?)^```$/gm)].map(([, name, who, start, text]) => ({ name: name as string, who: who as string, start: start !== undefined, text: text as string }));

const dir = mkdtempSync(join(tmpdir(), "pouwd-validators-"));
const sent = join(dir, "sent");
mkdirSync(sent);
const running = new Map<string, ChildProcess>();

async function stop(who: string): Promise<void> {
  const child = running.get(who);
  if (!child || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}
test.after.always(async () => {
  await Promise.all([...running.keys()].map(stop));
  if (process.env.POUWD_KEEP_TESTS) return console.error(`kept: ${dir}`);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** A person's folder and ports; what a machine of its own would give are `pouwd init`'s options here. */
interface Person {
  readonly home: string;
  readonly rpc: string;
  readonly p2p: string;
  readonly env: NodeJS.ProcessEnv;
  readonly init: readonly string[];
}
const people: Record<string, Person> = {};
const facts: Record<string, string> = { SENT: sent };

async function settle(): Promise<void> {
  let port = 24_000 + (process.pid % 200) * 10;
  for (const name of ["alice", "bob", "carol"]) {
    const free: number[] = [];
    for (; free.length < 2; port++) if (await portIsFree(port)) free.push(port);
    const [rpcPort, p2pPort] = free as [number, number];
    const home = join(dir, name);
    mkdirSync(home);
    const clean = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("POUWD_") || key === "POUWD_COMPILED"));
    people[name] = {
      home: join(home, ".pouwd"),
      rpc: `http://127.0.0.1:${rpcPort}`,
      p2p: `127.0.0.1:${p2pPort}`,
      env: { ...clean, HOME: home, POUWD_NODE: `http://127.0.0.1:${rpcPort}`, POUWD_KEYRING_BACKEND: "test" },
      // nobody trains here, so nobody verifies: test/network/joins.nightly.ts does
      init: ["--rpc-port", `${rpcPort}`, "--p2p-port", `${p2pPort}`, "--verifier", "", "--invariants"],
    };
    facts[`${name.toUpperCase()}_HOST`] = "127.0.0.1";
  }
}
const person = (name: string): Person => people[name] as Person;

const quoted = (words: readonly string[]): string => words.map((w) => `'${w.replaceAll("'", `'\\''`)}'`).join(" ");

/** The shell's `pouwd`. */
function prelude({ init }: Person): string {
  const { command, args } = entry("client/main");
  const pouwd = quoted([command, ...args]);
  return `set -euo pipefail\npouwd() { if [ "$1" = init ]; then ${pouwd} "$@" ${quoted(init)}; else ${pouwd} "$@"; fi; }\n`;
}

/** Runs a text as a person would; answers what it printed. Fails the test when a command fails. */
function shell(t: ExecutionContext, who: string, text: string): string {
  const p = person(who);
  const { status, stdout, stderr } = spawnSync("bash", ["-c", prelude(p) + text], { env: { ...p.env, ...facts }, encoding: "utf8", timeout: 120_000 });
  t.is(status, 0, `${who}: ${text}${stderr}`);
  return stdout;
}

function start(who: string): void {
  const p = person(who);
  const { command, args } = entry("client/main", "start");
  running.set(who, spawn(command, args, { env: { ...p.env, COMETBFT: process.env.COMETBFT }, stdio: "ignore" }));
}

/** What `pouwd validator status` says to do next. */
const next = (t: ExecutionContext, who: string): string => (JSON.parse(shell(t, who, "pouwd validator status -o json")) as { next: string }).next;
const signs = async (t: ExecutionContext, who: string): Promise<void> => void (await until(`${who} to sign`, 60_000, async () => (next(t, who) === "nothing: it signs" ? true : undefined), ASKING_MS));
const powers = async (at: string): Promise<number[]> => (await rpc<{ validators: { voting_power: string }[] }>(at, "/validators")).validators.map((v) => Number(v.voting_power)).sort((a, b) => b - a);

/** Whether a validator's signature is in the last commit of some block from a height on. */
async function signedSince(who: string, height: number): Promise<boolean> {
  const { address } = JSON.parse(readFileSync(join(person(who).home, "config", "priv_validator_key.json"), "utf8")) as { address: string };
  const newest = await heightOf(person("alice").rpc);
  for (let h = height; h <= newest; h++) {
    const { signed_header: header } = await rpc<{ signed_header: { commit: { signatures: { validator_address: string }[] } } }>(person("alice").rpc, `/commit?height=${h}`);
    if (header.commit.signatures.some((s) => s.validator_address === address)) return true;
  }
  return false;
}

type Step = (t: ExecutionContext, said: string) => Promise<void> | void;

/** Before a block: what the others do, or the chain. */
const BEFORE: Readonly<Record<string, Step>> = {
  accounts(t) {
    facts.BOB = shell(t, "bob", "pouwd keys show me").trim();
    const words = join(dir, "carol.words");
    writeFileSync(words, shell(t, "carol", "pouwd keys mnemonic"));
    facts.CAROL_WORDS = words;
    facts.CAROL = (JSON.parse(shell(t, "carol", `pouwd keys add mine --recover --source ${words} -o json`)) as { address: string }).address;
  },
  // blocks of a second and a window of a hundred would take minutes
  "alice-gentx"() {
    const path = join(person("alice").home, "config", "genesis.json");
    const g = JSON.parse(readFileSync(path, "utf8")) as { app_state: Record<string, unknown> };
    g.app_state.slashing = { params: { signed_blocks_window: "8", downtime_jail_duration: "2s" } };
    writeFileSync(path, JSON.stringify(g));
    copyFileSync(path, join(sent, "genesis.json"));
  },
  "carol-init"(t) {
    const { nodeId } = JSON.parse(shell(t, "alice", "pouwd validator keys -o json")) as { nodeId: string };
    facts.PEER = `${nodeId}@${person("alice").p2p}`;
  },
  async "carol-creates"(t) {
    await until("carol's node to have all blocks", 60_000, async () => (next(t, "carol").startsWith("make the validator: ") ? true : undefined), ASKING_MS);
  },
  async edit(t) {
    await signs(t, "carol");
  },
  async unjail(t) {
    await stop("carol");
    await until("carol to be out of the set", 90_000, async () => ((await powers(person("alice").rpc)).length === 2 ? true : undefined), 500);
    t.regex(shell(t, "alice", `pouwd validator status ${facts.CAROL}`), /status +unbonding, jailed/);
    start("carol");
    await until("carol's time in jail to be over", 90_000, async () => (next(t, "carol") === "let it sign again: pouwd tx slashing unjail --from me" ? true : undefined), ASKING_MS);
  },
};

/** After a block, with what it printed. */
const AFTER: Readonly<Record<string, Step>> = {
  collect(t, said) {
    t.regex(said, /is a genesis: chain our-chain-1, 2 validators with power 200, supply 2500000000upouw\nsha256 {2}[0-9a-f]{64}\n$/);
    facts.SHA = /sha256 {2}([0-9a-f]{64})/.exec(said)?.[1] ?? "";
    copyFileSync(join(person("alice").home, "config", "genesis.json"), join(sent, "genesis.json"));
  },
  "bob-takes"(t, said) {
    t.true(said.includes(facts.SHA ?? "none"), "the same file");
    t.true(said.includes(`@${person("alice").p2p}`));
  },
  async "bob-starts"(t) {
    await until("blocks", 60_000, async () => ((await heightOf(person("bob").rpc)) >= 2 ? true : undefined), 500);
    t.deepEqual(await powers(person("bob").rpc), [100, 100]);
    t.is(next(t, "bob"), "nothing: it signs");
  },
  async "carol-starts"() {
    await until("carol's node", 60_000, async () => ((await heightOf(person("carol").rpc)) >= 1 ? true : undefined), 500);
  },
  "carol-syncs"(t, said) {
    t.regex(said, /none has this home's consensus key[\s\S]*500000000upouw/);
  },
  async "carol-creates"(t, said) {
    t.regex(said, /is a validator\. Its beacon key is effective two blocks on/);
    t.regex(said, /│ carol +│ pouwvaloper1/);
    const height = await heightOf(person("alice").rpc);
    await signs(t, "carol");
    // What the application has told the engine is its set two blocks on, and alice's node may be a block behind carol's.
    await until("carol to be in the set", 30_000, async () => ((await powers(person("alice").rpc)).length === 3 ? true : undefined), 300);
    t.deepEqual(await powers(person("alice").rpc), [100, 100, 40]);
    await until("carol's signature in a block", 30_000, async () => ((await signedSince("carol", height)) ? true : undefined), 500);
  },
  edit(t, said) {
    t.regex(said, /"amount": "45000000"/);
    t.regex(shell(t, "bob", "pouwd query staking validators"), /│ carol's +│ pouwvaloper1\w+ │ bonded +│ +45000000 │ +5 % │/);
  },
  async unjail(t, said) {
    t.regex(said, /status +unbonding, jailed[\s\S]*next +let it sign again/);
    await signs(t, "carol");
    // a hundredth of 45
    t.regex(shell(t, "bob", `pouwd validator status ${facts.CAROL}`), /stake +44\.550000 POUW, its own 44\.550000 POUW/);
  },
  async leave(t, said) {
    t.regex(said, /"balance": "44550000"/);
    t.deepEqual(await powers(person("alice").rpc).then((p) => p.slice(0, 2)), [100, 100]);
    await until("carol to be out of the set", 30_000, async () => ((await powers(person("alice").rpc)).length === 2 ? true : undefined), 500);
  },
};

test.serial("the commands of docs/validators.md begin a chain, join it, are jailed, come back and leave", async (t) => {
  t.timeout(8 * 60_000);
  await settle();
  t.is((page.match(/^```sh/gm) ?? []).length, blocks.length, "every block of the page is run");
  for (const name of [...Object.keys(BEFORE), ...Object.keys(AFTER)]) t.true(blocks.some((b) => b.name === name), `the page has no block ${name}`);
  for (const { name, who, start: stays, text } of blocks) {
    await BEFORE[name]?.(t, "");
    let said = "";
    if (stays) {
      t.is(text, "pouwd start\n");
      start(who);
    } else said = shell(t, who, text);
    await AFTER[name]?.(t, said);
  }
  const broken = await rpc<{ response: { value: string } }>(person("alice").rpc, '/abci_query?path="/app/invariants"');
  t.deepEqual((JSON.parse(Buffer.from(broken.response.value, "base64").toString()) as { broken: unknown[] }).broken, []);
});
