/** cosmos.base.tendermint.v1beta1.Service: what the engine knows, in the Cosmos SDK's words. */
import { type Addresses } from "#kernel/address.js";
import { type ModuleError, sdk } from "#kernel/errors.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { type PageRequest } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { ABCIQueryResponse, type GetBlockByHeightResponse, type GetLatestValidatorSetResponse, ServiceService as Service } from "#proto/gen/cosmos/base/tendermint/v1beta1/query.js";
import { Header } from "#proto/gen/cosmos/base/tendermint/v1beta1/types.js";
import { type Engine, type EngineBlock } from "../engine.js";
import { status } from "../errors.js";
import { type Method, serviceMethods } from "../methods.js";
import { VERSION } from "../../version.js";

export interface EnginePorts {
  readonly engine: Engine;
  readonly addresses: () => Addresses;
  readonly newest: () => bigint;
}

/** Whose services are spoken: clients choose the form of their queries by it. */
const COSMOS_SDK = "v0.53.4";
const DEFAULT_LIMIT = 100;
const MAX_PAGE = 2n ** 31n;

const invalid = (text: string): ModuleError => sdk.invalidRequest(status("InvalidArgument", text));

export function engineMethods({ engine, addresses, newest }: EnginePorts): Method[] {
  const known = async (height: bigint): Promise<number> => {
    if (height > BigInt((await engine.status()).height)) throw invalid("requested block height is bigger then the chain length");
    return Number(height);
  };
  const blockOf = ({ blockId, block }: EngineBlock): GetBlockByHeightResponse => {
    const { header, data, evidence, lastCommit } = block;
    const sdkHeader = header && Header.create({ ...header, proposerAddress: addresses().consensus.format(header.proposerAddress) });
    return { blockId, block, sdkBlock: { header: sdkHeader, data, evidence, lastCommit } };
  };
  const setOf = async (height: number | undefined, pagination: PageRequest | undefined): Promise<GetLatestValidatorSetResponse> => {
    const { page, perPage } = pageOf(pagination);
    const set = await engine.validators(height, page, perPage);
    const validators = set.validators.map((v) => ({ address: addresses().consensus.format(v.address), pubKey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: v.key }) }, votingPower: v.power, proposerPriority: v.priority }));
    return { blockHeight: BigInt(set.height), validators, pagination: { nextKey: new Uint8Array(0), total: BigInt(set.total) } };
  };
  return serviceMethods(Service, newest, {
    async getNodeInfo() {
      const { node } = await engine.status();
      return {
        defaultNodeInfo: node,
        applicationVersion: { name: "pouw", appName: "pouwd", version: VERSION, gitCommit: "", buildTags: "", goVersion: `node ${process.version} ${process.platform}/${process.arch}`, buildDeps: [], cosmosSdkVersion: COSMOS_SDK },
      };
    },
    getSyncing: async () => ({ syncing: (await engine.status()).syncing }),
    getLatestBlock: async () => blockOf(await engine.block()),
    getBlockByHeight: async ({ height }) => blockOf(await engine.block(await known(height))),
    getLatestValidatorSet: ({ pagination }) => setOf(undefined, pagination),
    getValidatorSetByHeight: async ({ height, pagination }) => setOf(await known(height), pagination),
    async aBCIQuery({ path, data, height, prove }) {
      if (path === "") throw invalid("empty query path");
      if (!["app", "store", "p2p", "custom"].includes(path.split("/")[1] ?? "")) throw invalid(`unsupported ABCI query path: ${path.slice(0, 200)}`);
      return ABCIQueryResponse.create(await engine.query(path, data, height, prove));
    },
  });
}

function pageOf(pagination: PageRequest | undefined): { page: number; perPage: number } {
  const { offset, limit } = pagination ?? { offset: 0n, limit: 0n };
  if (offset >= MAX_PAGE) throw invalid("offset must greater than 0");
  if (limit >= MAX_PAGE) throw invalid("limit must greater than 0");
  const perPage = limit === 0n ? DEFAULT_LIMIT : Number(limit);
  return { page: Math.floor(Number(offset) / perPage) + 1, perPage };
}
