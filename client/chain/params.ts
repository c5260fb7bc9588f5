/** What the chain's modules are set to. */
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { EvaluationQuery } from "#proto/gen/pouw/evaluation/v1/query.js";
import { MatchingQuery } from "#proto/gen/pouw/matching/v1/query.js";
import { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import { type MethodInfo, type ResponseOf } from "#proto/wire.js";
import { CliError } from "../cli-error.js";
import { type Chain } from "./types.js";

/** Where each module that daemons and clients ask answers its parameters. */
const METHODS = {
  evaluation: EvaluationQuery.methods.params,
  matching: MatchingQuery.methods.params,
  supervision: SupervisionQuery.methods.params,
  tasks: TasksQuery.methods.params,
  staking: StakingQuery.methods.params,
  work: WorkQuery.methods.params,
  workers: WorkersQuery.methods.params,
} as const;

type Module = keyof typeof METHODS;
type ParamsOf<N extends Module> = NonNullable<ResponseOf<(typeof METHODS)[N]>["params"]>;
/** Parameters by module. */
export type ChainParams = { readonly [N in Module]: ParamsOf<N> };

/** The parameters of one module. Throws CliError when the node answers none. */
export async function paramsOf<N extends Module>(chain: Chain, module: N): Promise<ParamsOf<N>> {
  const method: MethodInfo = METHODS[module];
  const { params } = (await chain.query(method, {})).value as { params?: ParamsOf<N> };
  if (!params) throw new CliError("node", "the chain answered no parameters: is the node one of a pouwd chain? Give another one with --node.");
  return params;
}

/** The parameters of all modules that daemons and clients ask. */
export async function chainParams(chain: Chain): Promise<ChainParams> {
  const modules = Object.keys(METHODS) as Module[];
  return Object.fromEntries(await Promise.all(modules.map(async (m) => [m, await paramsOf(chain, m)] as const))) as unknown as ChainParams;
}

/** Base denomination of stakes, fees and rewards. */
export const bondDenom = async (chain: Chain): Promise<string> => (await paramsOf(chain, "staking")).bondDenom;
