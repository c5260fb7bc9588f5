import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Request, RequestInitChain } from "cosmjs-types/tendermint/abci/types";
import { entry } from "#platform/entry.js";
import { TestNode } from "#test/chain/node.js";
import { lengthPrefix } from "./abci/framing.js";
import { initHome } from "./init.js";
import { runValidator } from "./start.js";

function homeOf(t: ExecutionContext): string {
  const home = mkdtempSync(join(tmpdir(), "pouwd-main-"));
  t.teardown(() => rmSync(home, { recursive: true }));
  initHome({ home, moniker: "m", rpcPort: 1, p2pPort: 2, verifierAddress: "", verifierAllowPrivate: true, persistentPeers: "", blockTimeMs: 1_000, seed: "main test" });
  writeFileSync(join(home, "config", "genesis.json"), "{}");
  return home;
}
const edit = (home: string, file: string, change: (text: string) => string): void => {
  const path = join(home, "config", file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
};

/** Runs the application until it ends; `listening` is called once it can be connected to. */
async function run(home: string, listening?: () => void): Promise<{ code: number | null; lines: string[] }> {
  const { command, args } = entry("app/main", "--home", home);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let told = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => {
      out += piece.toString();
      if (!told && out.includes("serves ABCI")) {
        told = true;
        listening?.();
      }
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, lines: out.split("\n").filter((l) => l !== "") };
}

const broken: Readonly<Record<string, { file: string; change: (text: string) => string; says: RegExp }>> = {
  "a gas price that is no whole number": { file: "app.toml", change: (s) => s.replace("min_gas_price = 0", "min_gas_price = 0.025"), says: /app\.toml: min_gas_price is 0\.025, want a whole number of base units for a million gas, 0 or more: 0\.025 a unit of gas is 25000$/ },
  "a gas price in quotes": { file: "app.toml", change: (s) => s.replace("min_gas_price = 0", 'min_gas_price = "0.025"'), says: /app\.toml: min_gas_price is "0\.025", want a number without quotes$/ },
  "a negative gas price": { file: "app.toml", change: (s) => s.replace("min_gas_price = 0", "min_gas_price = -5"), says: /app\.toml: min_gas_price is -5, want a whole number/ },
  "an address without a port": { file: "app.toml", change: (s) => s.replace(/abci = .*/, 'abci = "tcp://127.0.0.1"'), says: /app\.toml: abci: ABCI address "tcp:\/\/127\.0\.0\.1": want unix:\/\/\/path or tcp:\/\/host:port$/ },
  "a beacon key that is no JSON": { file: "beacon_key.json", change: () => "{", says: /beacon_key\.json: is no JSON object; restore the file from your backup/ },
  "a beacon key that is cut": { file: "beacon_key.json", change: (s) => s.replace(/("secret_key": ".{10})[^"]*/, "$1"), says: /beacon_key\.json: secret_key: want 64 hexadecimal digits; restore/ },
  "a beacon key with another public key": { file: "beacon_key.json", change: (s) => s.replace(/("public_key": ")../, "$1ff"), says: /beacon_key\.json: public_key: is not the key of secret_key; restore/ },
  "a consensus key without its public part": { file: "priv_validator_key.json", change: () => "{}", says: /priv_validator_key\.json: pub_key\.value: got 0 bytes, want 32/ },
};
for (const [what, { file, change, says }] of Object.entries(broken)) {
  test.serial(`one line and exit code 78: ${what}`, async (t) => {
    const home = homeOf(t);
    edit(home, file, change);
    const { code, lines } = await run(home);
    t.is(code, 78, lines.join("\n"));
    t.is(lines.length, 1);
    t.regex(lines[0] ?? "", says);
    t.true(lines[0]?.startsWith(`✖ ${home}`));
  });
}

test.serial("a genesis that the application refuses: the file, the field, what to do, exit code 78", async (t) => {
  const home = homeOf(t);
  const node = await TestNode.make(t);
  const initChain = node.genesis({ ...node.appState(), supervision: { params: { slash_stall: -5 } } });
  const request = Request.encode(Request.fromPartial({ initChain: RequestInitChain.fromPartial(initChain) })).finish();
  const { code, lines } = await run(home, () => {
    const socket = connect(join(home, "abci.sock"));
    socket.on("error", () => {});
    socket.write(lengthPrefix(request.length));
    socket.write(request);
  });
  t.is(code, 78, lines.join("\n"));
  t.is(
    lines.findLast((l) => l.startsWith("✖")),
    `✖ ${home}/config/genesis.json: app_state.supervision.params.slash_stall: got -5, want a whole number from 0 to 4294967295. Correct it, the same on every validator, remove ${home}/data/state.db and start again.`,
  );
  t.true(lines.some((l) => l.includes("initChain failed")), "the server's own words reach the log");
});

test.serial("pouwd start ends with the line of the process that cannot start, and starts nothing again", async (t) => {
  const home = homeOf(t);
  edit(home, "beacon_key.json", () => "[]");
  const said: string[] = [];
  const error = await t.throwsAsync(runValidator({ home, cometbft: process.execPath }, new AbortController().signal, (line) => said.push(line)));
  t.regex(error?.message ?? "", new RegExp(`^${home}/config/beacon_key\\.json: secret_key: want 64 hexadecimal digits`));
  t.deepEqual(said, ["node exited with code 78: all processes are stopped"]);
  t.regex(readFileSync(join(home, "node.log"), "utf8"), /^✖ .*\n$/);
});
