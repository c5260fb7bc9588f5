/** The one list of modules' operations, with their weights. */
import type { ModuleOperations } from "../operation.js";
import type { Operations } from "../simulation.js";
import { auth } from "./auth.js";
import { authz } from "./authz.js";
import { bank } from "./bank.js";
import { beacon } from "./beacon.js";
import { consensus } from "./consensus.js";
import { distribution } from "./distribution.js";
import { evaluation } from "./evaluation.js";
import { evidence } from "./evidence.js";
import { feegrant } from "./feegrant.js";
import { fees } from "./fees.js";
import { gov } from "./gov.js";
import { matching } from "./matching.js";
import { mint } from "./mint.js";
import { repeated } from "./repeated.js";
import { slashing } from "./slashing.js";
import { staking } from "./staking.js";
import { supervision } from "./supervision.js";
import { tasks } from "./tasks.js";
import { upgrade } from "./upgrade.js";
import { vesting } from "./vesting.js";
import { work } from "./work.js";
import { workers } from "./workers.js";

const modules: readonly ModuleOperations[] = [
  auth, authz, bank, beacon, consensus, distribution, evaluation, evidence, feegrant, fees, matching, mint, slashing, staking, supervision, tasks, upgrade, vesting, work, workers,
];
const governed = modules.flatMap((m) => m.governed ?? []);

export const operations: Operations = [...modules, gov(governed)].flatMap((m) => m.operations).concat(repeated);
