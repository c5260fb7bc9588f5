/** Events as CometBFT indexes them. */
import { type Event } from "#kernel/context.js";

/** As the Cosmos SDK tells events of a block's begin and end apart: by an attribute behind their own. */
export const inMode = (list: readonly Event[], mode: "BeginBlock" | "EndBlock"): Event[] => list.map((e) => ({ ...e, attributes: [...e.attributes, { key: "mode", value: mode }] }));

export const eventsOf = (list: readonly Event[], index = true): { type: string; attributes: { key: string; value: string; index: boolean }[] }[] =>
  list.map((e) => ({ type: e.type, attributes: e.attributes.map(({ key, value }) => ({ key, value, index })) }));
