/** Contexts whose events carry one attribute more than they were made with. */
import type { Context, EventAttribute } from "#kernel/context.js";

/** As `ctx`, but with `attribute` behind the attributes of every event. */
export function tagged(ctx: Context, attribute: EventAttribute): Context {
  const { crypto, addresses, block, gas } = ctx;
  return {
    crypto,
    addresses,
    block,
    gas,
    store: (name) => ctx.store(name),
    emit: ({ type, attributes }) => ctx.emit({ type, attributes: [...attributes, attribute] }),
    branch() {
      const inner = ctx.branch();
      return { ...tagged(inner, attribute), commit: () => inner.commit() };
    },
  };
}
