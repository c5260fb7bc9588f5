/** Faults that `npm run check` must find: each planted in a copy of the repository, with what is told of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { put } from "#test/repository-copy.js";

export interface Fault {
  readonly name: string;
  /** which part of `npm run check` finds it */
  readonly by: "tsc" | "lint" | "imports" | "machines" | "tables" | "proto";
  readonly told: RegExp;
  plant(copy: string): void;
}

function change(copy: string, path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(copy, path), "utf8");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${path} has no ${from}`);
  put(copy, path, changed);
}

const append = (copy: string, path: string, text: string): void => put(copy, path, `${readFileSync(join(copy, path), "utf8")}${text}`);

export const FAULTS: readonly Fault[] = [
  {
    name: "a module that imports another",
    by: "imports",
    told: /modules\/workers\/events\.ts: modules\/workers may not import modules\/tasks\/events\.ts/,
    plant: (copy) => append(copy, "modules/workers/events.ts", '\nimport type { tasksEvents } from "#modules/tasks/events.js";\nexport type Foreign = typeof tasksEvents;\n'),
  },
  {
    name: "a cycle, of types alone",
    by: "imports",
    told: /cycle: .*protocol\/draws\/beacon\.ts/,
    plant(copy) {
      append(copy, "protocol/draws/beacon.ts", '\nexport type { Circle } from "./circle.js";\n');
      put(copy, "protocol/draws/circle.ts", 'import type { beaconMessage } from "./beacon.js";\nexport type Circle = typeof beaconMessage;\n');
    },
  },
  ...(
    [
      ["a Node import in a machine", "supervisor/machine.ts", 'import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n', /import node:fs/],
      ["a promise in a machine", "miner/machine.ts", "\nexport const later = async (): Promise<void> => {};\n", /have an async function[\s\S]*use Promise/],
      ["a clock in a machine", "verifier/machine.ts", "\nexport const now = (): number => Date.now();\n", /use Date/],
      ["randomness in what a machine imports", "miner/hubs.ts", "\nexport const any = (): number => Math.random();\n", /draw random numbers/],
      ["a timer in a machine", "evaluator/machine.ts", "\nexport const soon = (f: () => void): unknown => setTimeout(f, 1);\n", /use setTimeout/],
      ["an impure room in a machine", "supervisor/anchors.ts", 'import { nodeCrypto } from "#platform/crypto.js";\nexport const sha = nodeCrypto.sha256;\n', /import platform\/crypto\.ts/],
    ] as const
  ).map(([name, path, text, told]): Fault => ({ name, by: "machines", told, plant: (copy) => append(copy, path, text) })),
  {
    name: "a query method without an implementation",
    by: "tsc",
    told: /modules\/staking\/.*Property 'pool' is missing/s,
    plant: (copy) => change(copy, "modules/staking/queries.ts", /pool: .*\n/, ""),
  },
  {
    name: "an error that is not in the table",
    by: "tables",
    told: /not in docs\/tables\.md: \| workers \| 99 \| a new error \|/,
    plant: (copy) => change(copy, "modules/workers/errors.ts", "workersErrors = {", 'workersErrors = {\n  fresh: defineError("workers", 99, "a new error"),'),
  },
  {
    name: "an event that is not in the table",
    by: "tables",
    told: /not in docs\/tables\.md: \| workers \| `fresh` \| `worker` \|/,
    plant: (copy) => change(copy, "modules/workers/events.ts", "workersEvents = {", 'workersEvents = {\n  fresh: defineEvent("fresh", "worker"),'),
  },
  {
    name: "a member of Math that is not exact",
    by: "lint",
    told: /'Math' is restricted/,
    plant: (copy) => append(copy, "protocol/floats.ts", "\nexport const inexact = Math.exp(1);\n"),
  },
  {
    name: "an undeclared mint",
    by: "tsc",
    told: /modules\/tasks\/.*not assignable to parameter of type 'never'/s,
    plant: (copy) => change(copy, "modules/tasks/keeper.ts", /ports\.bank\.burn\(/, "ports.bank.mint("),
  },
  {
    name: "a port that asks for a mint without the right",
    by: "tsc",
    told: /app\/assemble\.ts/,
    plant: (copy) => change(copy, "modules/tasks/types.ts", /readonly bank: ModuleBank<.*>;/, 'readonly bank: ModuleBank<readonly [{ readonly name: "tasks"; readonly may: readonly ["mint", "burn"] }]>;'),
  },
  {
    name: "a proto whose generated code was not made",
    by: "proto",
    told: /proto\/gen is not what proto\/ gives: .*pouw\/workers\/v1\/types\.ts/,
    plant: (copy) => change(copy, "proto/pouw/workers/v1/types.proto", "uint64 unbond_blocks = 2;", "uint64 unbond_blocks = 2;\n  uint64 fresh = 3;"),
  },
];
