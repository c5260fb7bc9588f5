/**
 * The one list of modules. What stands here is wired by name, starts in genesis, answers queries and is part of every check;
 * app/assemble.ts says in which order they begin and end a block.
 */
export { auth } from "#modules/auth/index.js";
export { authz } from "#modules/authz/index.js";
export { bank } from "#modules/bank/index.js";
export { beacon } from "#modules/beacon/index.js";
export { distribution } from "#modules/distribution/index.js";
export { consensus } from "#modules/consensus/index.js";
export { evaluation } from "#modules/evaluation/index.js";
export { evidence } from "#modules/evidence/index.js";
export { feegrant } from "#modules/feegrant/index.js";
export { fees } from "#modules/fees/index.js";
export { gov } from "#modules/gov/index.js";
export { matching } from "#modules/matching/index.js";
export { mint } from "#modules/mint/index.js";
export { slashing } from "#modules/slashing/index.js";
export { staking } from "#modules/staking/index.js";
export { supervision } from "#modules/supervision/index.js";
export { tasks } from "#modules/tasks/index.js";
export { vesting } from "#modules/vesting/index.js";
export { upgrade } from "#modules/upgrade/index.js";
export { work } from "#modules/work/index.js";
export { workers } from "#modules/workers/index.js";
