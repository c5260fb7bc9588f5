/** The application process of a validator: `main --home H`. CometBFT connects to its socket. */
import "#platform/install.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import blst from "@chainsafe/blst";
import { createLogger } from "#platform/log.js";
import { serveAbci } from "./abci/server.js";
import { Application, type HeadBlock } from "./application.js";
import { type AppConfig, readAppConfig } from "./config.js";
import { faultsFrom } from "./faults.js";
import { assemble } from "./modules.js";
import { openMultiStore } from "./store/index.js";
import { unexpectedLog } from "./unexpected.js";
import { Verdicts } from "./verdicts.js";
import { EX_CONFIG } from "./unit.js";
import { verdictPorts } from "./verdict-ports.js";

/** How long blocks take, by their own times: an average over about ten. */
class BlockClock {
  chainId = "";
  height = 0n;
  blockMs = 1000;
  private last: bigint | undefined;
  note({ chainId, height, timeMs }: HeadBlock): void {
    this.chainId = chainId;
    this.height = height;
    const passed = this.last === undefined ? 0 : Number(timeMs - this.last);
    if (passed > 0) this.blockMs += (Math.min(passed, 60_000) - this.blockMs) / 10;
    this.last = timeMs;
  }
}

export async function runApplication(home: string, config: AppConfig): Promise<void> {
  const log = createLogger("node", config.log_level);
  const modules = assemble();
  const store = await openMultiStore(join(home, "data", "application"), { names: modules.stores, keepVersions: config.keep_versions });
  const key = JSON.parse(readFileSync(join(home, "config", "beacon_key.json"), "utf8")) as { secret_key: string };
  const secret = blst.SecretKey.fromBytes(Buffer.from(key.secret_key, "hex"));
  const consensus = JSON.parse(readFileSync(join(home, "config", "priv_validator_key.json"), "utf8")) as { pub_key: { value: string } };
  const clock = new BlockClock();
  const ports = verdictPorts(modules, Buffer.from(consensus.pub_key.value, "base64"), () => clock.chainId, () => clock.height, () => clock.blockMs);
  const verdicts = await Verdicts.open(join(home, "data", "verdicts"), config.verifier, ports, log);
  const application = new Application({
    store,
    modules,
    signBeacon: (message) => Uint8Array.from(secret.sign(message).toBytes()),
    extension: (state) => verdicts.extension(state),
    committed: (state, block) => {
      clock.note(block);
      verdicts.update(state);
    },
    minGasPricePerMillion: BigInt(config.min_gas_price),
    faults: faultsFrom(process.env, (text) => log.warn(text), home),
    unexpected: unexpectedLog(log),
  });
  const server = await serveAbci(application, config.abci);
  log.info("application serves ABCI", { address: config.abci, height: store.version });
  const stop = async (code: number) => {
    await server.close();
    await verdicts.close();
    await store.close();
    process.exit(code);
  };
  process.once("SIGTERM", () => void stop(0));
  process.once("SIGINT", () => void stop(0));
  const failure = await server.failed;
  log.error("the application stopped: its state cannot go on", { error: failure.stack ?? failure });
  await stop(1);
}

const refuse = (message: string): never => {
  console.error(`✖ ${message}`);
  process.exit(EX_CONFIG);
};
const at = process.argv.indexOf("--home");
const home = (at > 0 ? process.argv[at + 1] : undefined) ?? refuse("--home is missing: the folder that `pouwd init` or the testnet launcher wrote");
let config: AppConfig;
try {
  config = readAppConfig(home);
} catch (e) {
  config = refuse((e as Error).message);
}
try {
  await runApplication(home, config);
} catch (e) {
  console.error(`✖ ${(e as Error).message}`);
  process.exit(1);
}
