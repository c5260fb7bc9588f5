/**
 * Holds what a machine is (protocol/machine.ts): a file named machine.ts in a daemon's room, and every file of a daemon's room
 * that it imports, has no Node import, no promise, no clock and no randomness, and imports nothing but pure rooms.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const ROOMS = ["miner", "supervisor", "verifier", "evaluator"];
/** Rooms that are pure by their own rules (tsconfig.consensus.json, lint), so that a machine may stand on them. */
const PURE = ["protocol", "modules/kernel", "engine/topology", "proto"];
/** What is a promise, a clock, randomness or a door to either. */
const AMBIENT = new Set(["Promise", "Date", "performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "process", "crypto", "fetch", "console", "AbortController", "AbortSignal", "require"]);

const broken: string[] = [];
const seen = new Set<string>();
const aliases = Object.entries(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).imports as Record<string, { source: string }>);

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier)).replace(/\.js$/, ".ts");
  for (const [pattern, { source }] of aliases) {
    const head = pattern.slice(0, pattern.indexOf("*"));
    if (specifier.startsWith(head) && specifier.endsWith(".js")) return source.replace("./", "").replace("*", specifier.slice(head.length, -3));
  }
  return undefined;
}

function check(file: string): void {
  if (seen.has(file)) return;
  seen.add(file);
  const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2022, true);
  const tell = (node: ts.Node, what: string): void => void broken.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: a machine may not ${what}`);

  const imported = (node: ts.ImportDeclaration | ts.ExportDeclaration, specifier: string): void => {
    const target = resolve(file, specifier);
    if (!target) return tell(node, `import ${specifier}`);
    const typesAlone = ts.isImportDeclaration(node) ? node.importClause?.isTypeOnly : node.isTypeOnly;
    if (typesAlone && target.startsWith("engine/")) return; // shapes of data, gone when it runs
    if (PURE.some((p) => target.startsWith(`${p}/`))) return;
    if (target.split("/")[0] === file.split("/")[0]) return check(target);
    tell(node, `import ${target}: of other rooms only ${PURE.join(", ")} are pure`);
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) imported(node, (node.moduleSpecifier as ts.StringLiteral).text);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) tell(node, "import when it runs");
    else if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) tell(node, "wait");
    else if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword)) tell(node, "have an async function");
    else if (ts.isPropertyAccessExpression(node) && node.getText() === "Math.random") tell(node, "draw random numbers");
    else if (ts.isIdentifier(node) && AMBIENT.has(node.text) && !isName(node)) tell(node, `use ${node.text}`);
    node.forEachChild(visit);
  };
  visit(source);
}

/** Whether an identifier is only the name of a member or field, such as `this.crypto`. */
function isName(node: ts.Identifier): boolean {
  const p = node.parent;
  if (ts.isPropertyAccessExpression(p)) return p.name === node;
  return (ts.isPropertyAssignment(p) || ts.isPropertySignature(p) || ts.isPropertyDeclaration(p) || ts.isParameter(p) || ts.isMethodDeclaration(p) || ts.isBindingElement(p) || ts.isShorthandPropertyAssignment(p)) && p.name === node;
}

for (const room of ROOMS) {
  const files = readdirSync(join(root, room)).filter((f) => f === "machine.ts" || f.endsWith("-machine.ts"));
  if (!existsSync(join(root, room, "machine.ts"))) broken.push(`${room}/machine.ts: is missing: every daemon decides in a machine`);
  for (const f of files) check(`${room}/${f}`);
}

for (const line of broken) console.error(`✖ ${line}`);
if (broken.length > 0) process.exit(1);
