/** The files of a network: a home for every validator, one genesis, and a client's home with the test keys. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeGenesis } from "#app/genesis-file.js";
import { type HomeOptions, initHome, writeConfig } from "#app/init.js";
import { flop } from "#engine/topology/index.js";
import { readTaskFile } from "#client/task/task-file.js";
import { Keyring } from "#client/keys/keyring.js";
import { repositoryRoot } from "#platform/entry.js";
import { type Account } from "./accounts.js";
import { rpcOf } from "./facts.js";
import { mergeParams, type NetworkPlan } from "./plan.js";
import { targetFor } from "./target.js";

const POWER = 10n;
/** training batches of the digits task: 1,500 rows in batches of 20, the last 10 % held out for validation */
const DEMO_BATCHES = 68n;

/** target0 so that about twenty-four iterations of the demo task win. */
function demoTarget(): string {
  const { spec, plan } = readTaskFile(join(repositoryRoot, "examples", "digits.yaml"));
  return targetFor(BigInt(spec.epochs) * DEMO_BATCHES, flop(plan, spec.batchSize));
}

export async function writeHomes(plan: NetworkPlan, accounts: readonly Account[]): Promise<void> {
  const { options } = plan;
  const address = (name: string): string => {
    const account = accounts.find((a) => a.name === name);
    if (!account) throw new Error(`no account for ${name}`);
    return account.address;
  };
  const home = (v: NetworkPlan["validators"][number], persistentPeers: string): HomeOptions => ({
    home: v.home,
    moniker: v.name,
    rpcPort: v.rpcPort,
    p2pPort: v.p2pPort,
    verifierAddress: `127.0.0.1:${v.verifierPort}`,
    verifierAllowPrivate: true,
    persistentPeers,
    blockTimeMs: options.blockTime,
    seed: `pouw testnet validator/${v.name}`,
  });
  const facts = plan.validators.map((v) => ({ plan: v, ...initHome(home(v, "")) }));
  for (const v of facts) {
    const peers = facts.filter((other) => other !== v).map((other) => `${other.nodeId}@127.0.0.1:${other.plan.p2pPort}`);
    writeConfig(home(v.plan, peers.join(",")));
  }
  const genesis = makeGenesis({
    chainId: options.chainId,
    genesisTime: new Date().toISOString(),
    prefix: options.prefix,
    denom: options.denom,
    validators: facts.map((v) => ({ operator: address(v.plan.name), consensusKey: v.consensusKey, power: POWER, beaconKey: v.beaconKey, beaconProof: v.beaconProof, moniker: v.plan.name })),
    balances: plan.accounts.map(({ name, balance }) => ({ address: address(name), amount: balance })),
    params: mergeParams({ work: { target0: `0x${demoTarget()}` } }, options.params),
  });
  for (const v of plan.validators) writeFileSync(join(v.home, "config", "genesis.json"), genesis, { mode: 0o600 });
  await writeClientHome(plan, accounts);
}

/** `POUWD_HOME` of whoever plays with the network: every test key, and where the node is. */
async function writeClientHome(plan: NetworkPlan, accounts: readonly Account[]): Promise<void> {
  const home = join(plan.options.dir, "client");
  mkdirSync(join(home, "config"), { recursive: true, mode: 0o700 });
  const keyring = new Keyring(home, "test");
  for (const { name, mnemonic } of accounts) await keyring.add(name, mnemonic, plan.options.prefix);
  const [first] = plan.validators;
  if (!first) return;
  writeFileSync(join(home, "config", "client.toml"), `node = "${rpcOf(first)}"\nkeyring-backend = "test"\nallow-private = true\n`, { mode: 0o600 });
}
