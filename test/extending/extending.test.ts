/**
 * docs/extending.md, done: its blocks are written to a copy of the repository, one line is added to app/modules.ts, and the
 * module answers, is paid as declared, exports and imports. What the page says must not compile does not.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "#platform/entry.js";
import { copyOfRepository, put } from "#test/repository-copy.js";

interface Block {
  readonly how: string;
  readonly path: string;
  readonly text: string;
}

const page = readFileSync(join(repositoryRoot, "docs/extending.md"), "utf8");
const blocks: Block[] = [...page.matchAll(/^```\w+ (file|line)=(\S+)\n([\s\S]*?)^```$/gm)].map(([, how, path, text]) => ({ how: how as string, path: path as string, text: text as string }));

const run = (cwd: string, ...args: string[]) => spawnSync(process.execPath, ["--conditions=source", "--import=tsx", "--no-warnings", ...args], { cwd, encoding: "utf8", env: { ...process.env, POUWD_COMPILED: "" } });
const compile = (cwd: string) => spawnSync(process.execPath, [join(cwd, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.extending.json", "--noEmit"], { cwd, encoding: "utf8" });

const SCENARIO = `
import { nodeCrypto } from "#platform/crypto.js";
import { services } from "#proto/gen/registry.js";
import { HelloQuery, MsgGreet } from "#proto/gen/pouw/hello/v1/hello.js";
import { TestChain } from "#test/chain/chain.js";

const c = new TestChain({ crypto: nodeCrypto, funds: { a: 1_000n }, params: { hello: { reward: "7" } } });
const sender = c.address("a");
c.block(() => {
  c.must(MsgGreet, { sender, text: "good morning" });
  c.must(MsgGreet, { sender, text: "and again" });
});
const refused = [c.send(MsgGreet, { sender, text: "" })];
const state = c.exported();
const again = new TestChain({ crypto: nodeCrypto, genesis: state, initialHeight: c.height + 1n });
let misspelt = "";
try {
  new TestChain({ crypto: nodeCrypto, genesis: { ...state, hello: { ...(state.hello as object), greters: [] } }, initialHeight: c.height + 1n });
} catch (e) {
  misspelt = (e as Error).message;
}
console.log(JSON.stringify({
  refused,
  balance: String(c.balance("a")),
  supply: String(c.supply),
  greetings: String(c.query(HelloQuery.methods.greeter, { address: sender }).greeter?.greetings),
  imported: String(again.query(HelloQuery.methods.greeter, { address: sender }).greeter?.greetings),
  same: JSON.stringify(again.exported()) === JSON.stringify(state),
  misspelt,
  served: services.some((s) => s.name === "pouw.hello.v1.Query"),
}));
`;

test("the module of docs/extending.md touches its folder, its proto and one line, and works", (t) => {
  t.timeout(300_000);
  const copy = copyOfRepository(t);
  t.deepEqual(blocks.map((b) => `${b.how} ${b.path}`), ["file proto/pouw/hello/v1/hello.proto", "file modules/hello/index.ts", "line app/modules.ts"]);
  for (const { how, path, text } of blocks) {
    if (how === "file") put(copy, path, text);
    else {
      t.is(text.split("\n").length, 2, "one line");
      put(copy, path, readFileSync(join(copy, path), "utf8") + text);
    }
  }
  const generated = run(copy, "scripts/generate-proto.ts");
  t.is(generated.status, 0, generated.stderr);

  // Only what the module can break is compiled: the whole tree takes a minute.
  writeFileSync(join(copy, "tsconfig.extending.json"), JSON.stringify({ extends: "./tsconfig.json", include: ["modules/hello/**/*.ts", "app/assemble.ts"] }));
  const compiled = compile(copy);
  t.is(compiled.status, 0, compiled.stdout);

  writeFileSync(join(copy, "scenario.ts"), SCENARIO);
  const ran = run(copy, "scenario.ts");
  t.is(ran.status, 0, ran.stderr);
  t.deepEqual(JSON.parse(ran.stdout), {
    refused: ["hello/2"],
    balance: "1014",
    // with the stake of the four validators
    supply: "40001014",
    greetings: "2",
    imported: "2",
    same: true,
    misspelt: "app_state.hello.greters: there is no such field; there are params, greeters",
    served: true,
  });

  const help = run(copy, "client/main.ts", "query", "hello", "greeter", "--help");
  t.is(help.status, 0, help.stderr);
  t.regex(help.stdout, /How often an account has greeted the chain\./);
  t.regex(help.stdout, /who greeted/);

  const tables = run(copy, "scripts/tables.ts", "--check");
  t.is(tables.status, 1);
  t.regex(tables.stderr, /not in docs\/tables\.md: \| hello \| 2 \| a greeting has 1 to 80 characters \|/);
  t.regex(tables.stderr, /npm run tables/);

  const source = readFileSync(join(copy, "modules/hello/index.ts"), "utf8");
  const broken = (change: (text: string) => string): string => {
    writeFileSync(join(copy, "modules/hello/index.ts"), change(source));
    const { status, stdout } = compile(copy);
    t.not(status, 0);
    return stdout;
  };
  t.regex(broken((s) => s.replace('may: ["mint"]', "may: []")), /modules\/hello\/index\.ts.*not assignable to parameter of type 'never'/);
  t.regex(broken((s) => s.replace("readonly bank: ModuleBank<typeof accounts>;", 'readonly bank: { mint: (ctx: Context, pool: "work", amount: bigint) => void; fromPool: ModuleBank<typeof accounts>["fromPool"] };').replace("import { defineAccounts", 'import type { Context } from "#kernel/context.js";\nimport { defineAccounts')), /assemble\.ts|modules\/hello/);
  t.regex(broken((s) => s.replace(/greeter\(ctx, \{ address \}\) \{[\s\S]*?return \{ greeter \};\n {8}\},/, "")), /Property 'greeter' is missing/);
  t.regex(broken((s) => s.replace("{ sender, text, reward }", "{ sender, text }")), /Property 'reward' is missing/);
});
