import test from "ava";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "./context.js";

const home = mkdtempSync(join(tmpdir(), "pouwd-context-"));
test.after.always(() => rmSync(home, { recursive: true, force: true }));
mkdirSync(join(home, "config"));

test.serial("the node that is asked is the one that is named, else the home's own, else the one at the default port", (t) => {
  delete process.env.POUWD_NODE;
  const file = (name: string, text: string): void => writeFileSync(join(home, "config", name), text);
  const node = (given?: string): string => new Context({ home, ...(given === undefined ? {} : { node: given }) }).node;
  t.is(node(), "http://127.0.0.1:26657");
  file("config.toml", '[rpc]\nladdr = "tcp://127.0.0.1:30007"\n');
  t.is(node(), "http://127.0.0.1:30007");
  for (const host of ["0.0.0.0", "[::]", ""]) {
    file("config.toml", `[rpc]\nladdr = "tcp://${host}:30008"\n`);
    t.is(node(), "http://127.0.0.1:30008", host);
  }
  t.is(node("http://10.0.0.1:1"), "http://10.0.0.1:1");
  process.env.POUWD_NODE = "http://10.0.0.1:2";
  t.is(node(), "http://10.0.0.1:2");
  delete process.env.POUWD_NODE;
  file("client.toml", 'node = "http://10.0.0.1:3"\n');
  t.is(node(), "http://10.0.0.1:3", "what the client's own file says goes first");
  rmSync(join(home, "config", "client.toml"));
  file("config.toml", "[p2p]\n");
  t.is(node(), "http://127.0.0.1:26657");
});
