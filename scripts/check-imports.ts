/**
 * Holds the direction of imports (docs/ARCHITECTURE.md): who may import from which room, no module from another, nobody an
 * entry point, and no cycle between files. An import of types alone counts like any other. The command line alone loads daemons
 * and the node, by import(), when their command is called.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the files of a room may import from, beside their own room and npm packages. */
const ALLOWED: Record<string, readonly string[]> = {
  proto: [],
  "modules/kernel": ["proto"],
  "engine/topology": ["modules/kernel"],
  engine: ["engine/topology", "modules/kernel", "proto"],
  protocol: ["engine/topology", "engine", "modules/kernel", "proto"],
  modules: ["modules/kernel", "protocol", "engine/topology", "proto"],
  platform: ["modules/kernel", "proto"],
  net: ["protocol", "engine/topology", "platform", "modules/kernel", "proto"],
  bus: ["net", "platform", "modules/kernel", "proto"],
  client: ["net", "protocol", "engine", "engine/topology", "platform", "modules/kernel", "proto"],
  app: ["modules", "net", "platform", "protocol", "engine/topology", "modules/kernel", "proto"],
};
const DAEMON = ["client/chain", "bus", "net", "protocol", "engine", "engine/topology", "platform", "modules/kernel", "proto"];
for (const d of ["miner", "supervisor", "evaluator", "verifier"]) ALLOWED[d] = DAEMON;

function room(file: string): string {
  if (file.startsWith("modules/kernel/")) return "modules/kernel";
  if (file.startsWith("engine/topology/")) return "engine/topology";
  if (file.startsWith("modules/")) return file.split("/").slice(0, 2).join("/");
  return file.split("/")[0] as string;
}

const sources = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((f) => f && existsSync(join(root, f)) && !f.includes("/assembly/"));
const aliases = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).imports as Record<string, { source: string }>;

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier)).replace(/\.js$/, ".ts");
  for (const [pattern, { source }] of Object.entries(aliases)) {
    const head = pattern.slice(0, pattern.indexOf("*"));
    if (specifier.startsWith(head) && specifier.endsWith(".js")) {
      return source.replace("./", "").replace("*", specifier.slice(head.length, -3));
    }
  }
  return undefined;
}

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:([\s\S]*?)\s+from\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/gm;
const broken: string[] = [];
const graph = new Map<string, string[]>();
for (const file of sources) {
  const text = readFileSync(join(root, file), "utf8");
  const edges: string[] = [];
  for (const m of text.matchAll(IMPORT)) {
    const specifier = (m[3] ?? m[4]) as string;
    const target = resolve(file, specifier);
    if (!target) continue;
    edges.push(target);
    const loaded = m[4] !== undefined && file.startsWith("client/commands/");
    if (file.endsWith(".test.ts")) continue;
    const here = room(file);
    const there = room(target);
    if (here === there) continue;
    const allowed = ALLOWED[here] ?? (here.startsWith("modules/") ? ALLOWED.modules : undefined);
    if (allowed && !allowed.some((a) => there === a || target.startsWith(`${a}/`)) && !loaded) {
      broken.push(`${file}: ${here} may not import ${target}`);
    }
    if (/(^|\/)main\.ts$/.test(target) && !loaded) broken.push(`${file}: ${target} is an entry point, which nothing imports`);
  }
  graph.set(file, edges);
}

const state = new Map<string, "open" | "done">();
function walk(file: string, path: string[]): void {
  if (state.get(file) === "done") return;
  if (state.get(file) === "open") {
    broken.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    return;
  }
  state.set(file, "open");
  for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
  state.set(file, "done");
}
for (const file of graph.keys()) walk(file, []);

for (const line of broken) console.error(`✖ ${line}`);
if (broken.length > 0) process.exit(1);
