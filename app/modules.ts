/** The one list of modules, and how they are wired. Ports are read at call time, so the order of definition is free. */
import { type Context } from "#kernel/context.js";
import { type AppModule, type MessageHandler, type QueryHandler } from "#kernel/module.js";
import { defineAuth } from "#modules/auth/index.js";
import { defineBank, POOLS } from "#modules/bank/index.js";
import { defineBeacon, verifyPossession } from "#modules/beacon/index.js";
import { defineEvaluation } from "#modules/evaluation/index.js";
import { defineMatching } from "#modules/matching/index.js";
import { defineParams } from "#modules/params/index.js";
import { defineSupervision } from "#modules/supervision/index.js";
import { defineTasks } from "#modules/tasks/index.js";
import { defineValidators } from "#modules/validators/index.js";
import { defineWork } from "#modules/work/index.js";
import { defineWorkers } from "#modules/workers/index.js";
import { type Codec } from "#proto/wire.js";
import * as generated from "#proto/gen/pouw.js";
import { aminoJson } from "./tx/sign-mode.js";

export function assemble() {
  const auth = defineAuth({ pools: POOLS });
  const params = defineParams();
  const bank = defineBank({ params: params.keeper, auth: auth.keeper });
  const validators = defineValidators({ verifyPossession });
  const beacon = defineBeacon({ params: params.keeper, validators: validators.keeper });

  // The modules of useful work need each other in circles: each sees the others through this object.
  const ports = {
    params: params.keeper,
    bank: bank.keeper,
    validators: validators.keeper,
    beacon: beacon.keeper,
    get workers() {
      return workers.keeper;
    },
    get tasks() {
      return tasks.keeper;
    },
    get seats() {
      return matching.keeper;
    },
    get slots() {
      return supervision.keeper;
    },
    get work() {
      return work.keeper;
    },
    get evaluation() {
      return evaluation.keeper;
    },
  };
  const workers = defineWorkers(ports);
  const tasks = defineTasks(ports);
  const matching = defineMatching(ports);
  const supervision = defineSupervision(ports);
  const work = defineWork(ports);
  const evaluation = defineEvaluation(ports);

  /** genesis in this order: parameters before whoever reads them */
  const modules: AppModule[] = [
    params.module, auth.module, bank.module, validators.module, beacon.module,
    workers.module, tasks.module, matching.module, supervision.module, work.module, evaluation.module,
  ];
  // Protocol section 11. Matching only looks at who could be drawn, before anything of this block changes it.
  const begin = [matching.module, beacon.module, work.module];
  const end = [supervision.module, tasks.module, work.module, workers.module];

  const router = new Map<string, MessageHandler>();
  for (const m of modules) for (const h of m.messages) router.set(h.typeUrl, withAmino(h));
  const queries = new Map<string, QueryHandler>();
  for (const m of modules) for (const q of m.queries) queries.set(q.path, q);

  return {
    modules,
    router,
    queries,
    stores: modules.flatMap((m) => m.stores),
    keepers: {
      auth: auth.keeper,
      params: params.keeper,
      bank: bank.keeper,
      validators: validators.keeper,
      beacon: beacon.keeper,
      workers: workers.keeper,
      tasks: tasks.keeper,
      seats: matching.keeper,
      slots: supervision.keeper,
      work: work.keeper,
    },
    beginBlock: (ctx: Context) => begin.forEach((m) => m.beginBlock?.(ctx)),
    endBlock: (ctx: Context) => end.forEach((m) => m.endBlock?.(ctx)),
    validatorUpdates: (ctx: Context) => validators.module.validatorUpdates?.(ctx) ?? [],
  };
}

export type Assembly = ReturnType<typeof assemble>;

const codecs = new Map<string, Codec<unknown>>();
for (const value of Object.values(generated)) {
  if (typeof value === "object" && "typeUrl" in value) codecs.set(value.typeUrl, value as Codec<unknown>);
}

/** The codec of a pouw.v1 message or response, by its type URL. */
export const codecOf = (typeUrl: string): Codec<unknown> | undefined => codecs.get(typeUrl);

/** pouw.v1 messages get their amino JSON form from their descriptors: pouw/MsgX. */
function withAmino(h: MessageHandler): MessageHandler {
  const codec = codecs.get(h.typeUrl);
  if (h.amino || !codec) return h;
  return { ...h, aminoName: h.typeUrl.replace("/pouw.v1.", "pouw/"), amino: (m) => aminoJson(codec, m) };
}
