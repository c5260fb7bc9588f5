/** Genesis of `slashing`: how validators signed, with the places of the window that they missed. */
import { defineGenesis, inside, within } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/cosmos/slashing/v1beta1/genesis.js";
import { parseInfo, type SlashingWriter } from "./keeper.js";
import { params } from "./params.js";
import { infos, missedBlocks } from "./store.js";

export const slashingGenesis = (keeper: SlashingWriter) =>
  defineGenesis("slashing", {
    codec: GenesisState,
    params,
    init(ctx, { signingInfos, missedBlocks: missed }, at) {
      signingInfos.forEach(({ validatorSigningInfo: w }, i) => {
        inside(`${at}.signing_infos[${i}]`, () => {
          if (!w) throw new Error("validator_signing_info: is missing");
          const info = within("validator_signing_info.address", () => parseInfo(ctx, w));
          keeper.put(ctx, info);
        });
      });
      missed.forEach(({ address, missedBlocks: places }, i) => {
        inside(`${at}.missed_blocks[${i}]`, () => {
          const raw = within("address", () => ctx.addresses.consensus.parse(address));
          for (const p of places) if (p.missed) missedBlocks.add(ctx, raw, p.index);
        });
      });
    },
    export: (ctx) => ({
      params: undefined,
      signingInfos: infos.list(ctx).map((w) => ({ address: w.address, validatorSigningInfo: w })),
      missedBlocks: infos.entries(ctx).map(({ key: [raw], value: { address } }) => {
        const places = missedBlocks.keys(ctx, { prefix: [raw] }).map(([, index]) => ({ index, missed: true }));
        return { address, missedBlocks: places };
      }),
    }),
  });
