/** Events as CometBFT indexes them. */
import { type Event } from "#kernel/context.js";

export const eventsOf = (list: readonly Event[]): { type: string; attributes: { key: string; value: string; index: boolean }[] }[] =>
  list.map((e) => ({ type: e.type, attributes: e.attributes.map(({ key, value }) => ({ key, value, index: true })) }));
