/**
 * The state of a real network at three heights, exported as genesis: each begins a chain whose queries answer the same, and
 * the validators go on from each with their own keys.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type GenesisDocument } from "#app/export.js";
import { runValidator } from "#app/start.js";
import { entry } from "#platform/entry.js";
import { nodeCrypto } from "#platform/crypto.js";
import { services } from "#proto/gen/registry.js";
import { type Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { toJson } from "#proto/json.js";
import { type Codec, type MethodInfo } from "#proto/wire.js";
import { ask } from "#testnet/control.js";
import { appHashAt, heightOf, until } from "#testnet/rpc.js";
import { type RpcChain } from "#client/chain/rpc.js";
import { TestChain } from "#test/chain/chain.js";
import { Course } from "./course.js";
import { type TestNetwork, testNetwork } from "./network.js";

export interface Exported {
  readonly phase: string;
  readonly height: bigint;
  /** queries that were compared, and those whose answers differ, with both */
  readonly compared: number;
  readonly differences: readonly string[];
  /** of the chain that goes on from it */
  readonly goesOnTo: number;
  readonly broken: readonly unknown[];
  readonly appHashes: readonly string[];
}

/** Every query of the chain's own modules, of auth and of bank, with requests for what there is. */
function requests(facts: { readonly task: bigint; readonly address: string; readonly denom: string }): { readonly method: MethodInfo; readonly request: Record<string, unknown> }[] {
  const value: Readonly<Record<string, unknown>> = {
    id: facts.task, taskId: facts.task, slot: 0, address: facts.address, worker: facts.address, denom: facts.denom, name: "tasks", accountId: 1n, addressBytes: nodeCrypto.sha256(new Uint8Array(0)).slice(0, 20), addressString: facts.address,
  };
  return services
    .filter((s) => s.name.endsWith(".Query"))
    .flatMap((s) => Object.values(s.methods))
    // a job's number is not known beforehand: Jobs answers all of them
    .filter((m) => !(m.path === "/pouw.work.v1.Query/Job"))
    .map((method) => ({ method, request: Object.fromEntries(method.request.fields.filter((f) => value[f.name] !== undefined).map((f) => [f.name, value[f.name]])) }));
}

const text = (method: MethodInfo, answer: unknown): string => JSON.stringify(toJson(method.response as Codec<unknown>, answer));

const told = async (run: () => unknown): Promise<string> => {
  try {
    return (await run()) as string;
  } catch (e) {
    return `refused: ${(e as Error).message}`;
  }
};

/** Heights at which the task was in Registration, in Training with anchored work, and closed. */
async function heightsOf(course: Course): Promise<[phase: string, height: bigint][]> {
  const { task } = await course.state();
  const { createdHeight, startHeight, closedHeight, lastAdvance } = task as Task;
  if (startHeight === undefined || closedHeight === undefined || lastAdvance === undefined) throw new Error("the task did not train to its end");
  return [
    ["registration", createdHeight],
    ["training", startHeight + (lastAdvance - startHeight) / 2n],
    ["closed", closedHeight + 2n],
  ];
}

export async function exportScenario(say: (line: string) => void): Promise<Exported[]> {
  const network = await testNetwork({ validators: 4, miners: 3, supervisors: 3, evaluators: 3, maxSeats: 1, blockTime: 500 });
  try {
    const course = await Course.begin(network, { epochs: 8 });
    await course.end();
    const heights = await heightsOf(course);
    await until("the height of the last export", 60_000, async () => (BigInt(await heightOf(network.rpc)) > (heights.at(-1)?.[1] ?? 0n) ? true : undefined));
    const { denom, accounts } = network.facts();
    const address = accounts.find((a) => a.name === "miner0")?.address ?? "";
    const answers = new Map<bigint, string[]>();
    const asked = requests({ task: course.id, address, denom });
    for (const [phase, height] of heights) {
      const list: string[] = [];
      for (const { method, request } of asked) list.push(await told(async () => text(method, (await (course.chain as RpcChain).query(method, request as never, height)).value)));
      answers.set(height, list);
      say(`${phase}: ${list.length} queries at height ${height}`);
    }
    const homes = network.facts().validators.map((v) => ({ home: v.home, rpc: v.rpc }));
    await ask(network.dir, { command: "shutdown" });

    const out: Exported[] = [];
    const documents: GenesisDocument[] = [];
    for (const [, height] of heights) documents.push(await exported(homes[0]?.home ?? "", height));
    for (const [i, [phase, height]] of heights.entries()) {
      const document = documents[i] as GenesisDocument;
      const differences = await compare(document, asked, answers.get(height) ?? []);
      say(`${phase}: ${asked.length} queries compared, ${differences.length} differ`);
      const went = await goOn(network, homes, document);
      say(`${phase}: goes on to ${went.goesOnTo}`);
      out.push({ phase, height, compared: asked.length, differences, ...went });
    }
    return out;
  } finally {
    await network.down();
  }
}

async function exported(home: string, height: bigint): Promise<GenesisDocument> {
  const { command, args } = entry("client/main", "export", "--home", home, "--height", `${height}`);
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 1 << 28 });
  return JSON.parse(stdout) as GenesisDocument;
}

/** The export's own queries at the exported height beside what the network answered there. */
async function compare(document: GenesisDocument, asked: ReturnType<typeof requests>, wanted: readonly string[]): Promise<string[]> {
  const c = new TestChain({
    crypto: nodeCrypto,
    chainId: document.chain_id as string,
    genesis: document.app_state as Record<string, unknown>,
    initialHeight: BigInt(document.initial_height as string),
    timeMs: BigInt(Date.parse(document.genesis_time as string)),
  });
  const differences: string[] = [];
  for (const [i, { method, request }] of asked.entries()) {
    const got = await told(() => text(method, c.query(method, request as never)));
    const want = wanted[i] as string;
    const refused = (s: string): boolean => s.startsWith("refused: ");
    if (got !== want && !(refused(got) && refused(want) && want.includes(got.slice(9)))) differences.push(`${method.path}: ${want.slice(0, 300)} ≠ ${got.slice(0, 300)}`);
  }
  return differences;
}

const MORE_BLOCKS = 4;

/** The validators begin anew from a genesis, with their keys and nothing else of before. */
async function goOn(network: TestNetwork, homes: readonly { readonly home: string; readonly rpc: string }[], document: GenesisDocument): Promise<Pick<Exported, "goesOnTo" | "broken" | "appHashes">> {
  const cometbft = process.env.COMETBFT;
  if (!cometbft) throw new Error("COMETBFT is not set");
  for (const { home } of homes) {
    rmSync(join(home, "data"), { recursive: true, force: true });
    mkdirSync(join(home, "data"), { mode: 0o700 });
    writeFileSync(join(home, "data", "priv_validator_state.json"), JSON.stringify({ height: "0", round: 0, step: 0 }), { mode: 0o600 });
    writeFileSync(join(home, "config", "genesis.json"), JSON.stringify(document, null, 2));
  }
  const stop = new AbortController();
  const running = homes.map(({ home }) => runValidator({ home, cometbft }, stop.signal, () => {}));
  try {
    const target = Number(document.initial_height as string) + MORE_BLOCKS;
    const failed = Promise.all(running).then(() => {
      throw new Error("the validators ended");
    });
    const up = Promise.all(homes.map(({ rpc }) => until(`block ${target} at ${rpc}`, 90_000, async () => ((await heightOf(rpc).catch(() => 0)) >= target ? true : undefined))));
    await Promise.race([up, failed]);
    const appHashes = await Promise.all(homes.map(({ rpc }) => appHashAt(rpc, target)));
    return { goesOnTo: target, broken: await brokenInvariants(homes[0]?.rpc ?? ""), appHashes };
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

async function brokenInvariants(rpc: string): Promise<unknown[]> {
  const answer = (await (await fetch(`${rpc}/abci_query?path="/app/invariants"`)).json()) as { result: { response: { value: string } } };
  return (JSON.parse(Buffer.from(answer.result.response.value, "base64").toString()) as { broken: unknown[] }).broken;
}
