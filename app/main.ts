/** The application process of a validator: `main --home H`. CometBFT connects to its socket. */
import "#platform/install.js";
import { join } from "node:path";
import { nodeCrypto } from "#platform/crypto.js";
import { createLogger } from "#platform/log.js";
import { bound } from "./abci/methods.js";
import { serveAbci } from "./abci/server.js";
import { Application, type Head } from "./application.js";
import { readAppConfig } from "./config.js";
import { ConfigFault, EX_CONFIG, faultLine } from "./config-fault.js";
import { faultsFrom } from "./faults.js";
import { readKeys } from "./keys.js";
import { assemble } from "./assemble.js";
import { startQueryThread } from "./query/thread/host.js";
import { UpgradeFault } from "./upgrade.js";
import { openMultiStore } from "./store/index.js";
import { unexpectedLog } from "./unexpected.js";
import { Verdicts } from "./verdicts.js";
import { verdictPorts } from "./verdict-ports.js";

/** After the last block before an upgrade. Who is a block behind could fetch it from nobody if all stopped at once. */
const STAYS_MS = 10_000;

/** How long blocks take, by their own times: an average over about ten. */
class BlockClock {
  chainId = "";
  height = 0n;
  blockMs = 1000;
  private last: bigint | undefined;
  note({ chainId, height, timeMs }: Head): void {
    this.chainId = chainId;
    this.height = height;
    const passed = this.last === undefined ? 0 : Number(timeMs - this.last);
    if (passed > 0) this.blockMs += (Math.min(passed, 60_000) - this.blockMs) / 10;
    this.last = timeMs;
  }
}

export async function runApplication(home: string): Promise<void> {
  const config = readAppConfig(home);
  const keys = readKeys(home);
  const log = createLogger("node", config.log_level);
  const modules = assemble();
  const store = await openMultiStore(join(home, "data", "application"), { names: modules.stores, keepVersions: config.keep_versions });
  const clock = new BlockClock();
  const ports = verdictPorts(modules, keys.consensusKey, () => clock.chainId, () => clock.height, () => clock.blockMs);
  const verdicts = await Verdicts.open(join(home, "data", "verdicts"), config.verifier, ports, log);
  // `pouwd start` shows the last line of a process that ends so, and does not start it again.
  let upgradeNeeded: (fault: UpgradeFault) => void = () => {};
  let held = false;
  const needed = new Promise<UpgradeFault>((resolve) => {
    upgradeNeeded = resolve;
  });
  const queries = startQueryThread(store, { home, config }, log);
  const application = new Application({
    store,
    modules,
    crypto: nodeCrypto,
    signBeacon: keys.signBeacon,
    extension: (state) => verdicts.extension(state),
    committed: (state, block) => {
      clock.note(block);
      verdicts.update(state);
    },
    query: (r) => queries.query(r),
    checked: queries.checked,
    minGasPricePerMillion: BigInt(config.min_gas_price),
    faults: faultsFrom(process.env, (text) => log.warn(text), home),
    unexpected: unexpectedLog(log),
    migrated: (steps) => log.info("upgraded the state", { steps: steps.join(", ") }),
    stopped(fault) {
      held = true;
      log.warn("the next block is another program's: this one stays a little, so that others can fetch the last block", { seconds: STAYS_MS / 1000 });
      setTimeout(() => upgradeNeeded(fault), STAYS_MS);
    },
    ...(config.migrate_at > 0 ? { migrateAt: BigInt(config.migrate_at) } : {}),
  });
  /** Not answered until the process ends: the engine waits, and its connections to other nodes go on. */
  const unlessHeld = <R, A>(method: (r: R) => A) => (r: R): A | Promise<never> => (held ? new Promise<never>(() => {}) : method(r));
  const served = bound(application);
  const answers = {
    ...served,
    prepareProposal: unlessHeld(served.prepareProposal),
    processProposal: unlessHeld(served.processProposal),
    finalizeBlock: unlessHeld(served.finalizeBlock),
  };
  const server = await serveAbci(answers, config.abci, { log });
  log.info("application serves ABCI", { address: config.abci, height: store.version });
  const stop = async (code: number, last?: string) => {
    await server.close();
    await queries.close();
    await verdicts.close();
    await store.close();
    if (last !== undefined) console.error(last);
    process.exit(code);
  };
  process.once("SIGTERM", () => void stop(0));
  process.once("SIGINT", () => void stop(0));
  const misconfigured = queries.ready.then(() => new Promise<never>(() => {}), (e: Error) => e);
  const failure = await Promise.race([server.failed, needed, misconfigured]);
  if (failure instanceof UpgradeFault) await stop(EX_CONFIG, faultLine(failure.message));
  if (failure instanceof ConfigFault) {
    // The engine keeps a copy of the first genesis that it has read.
    const copy = join(home, "data", "state.db");
    await stop(EX_CONFIG, faultLine(`${join(home, "config", "genesis.json")}: ${failure.message}. Correct it, the same on every validator, remove ${copy} and start again.`));
  }
  log.error("the application stopped: its state cannot go on", { error: failure.message });
  await stop(1);
}

const at = process.argv.indexOf("--home");
const home = at > 0 ? process.argv[at + 1] : undefined;
try {
  if (!home) throw new ConfigFault("--home is missing: the folder that `pouwd init` or the testnet launcher wrote");
  await runApplication(home);
} catch (e) {
  console.error(faultLine((e as Error).message));
  process.exit(e instanceof ConfigFault ? EX_CONFIG : 1);
}
