/** Events as modules declare them: a type and its attributes, in their order. docs/tables.md lists them all. */
import { type Event } from "./context.js";

type Value = string | bigint | number | boolean;

/** Makes one kind of event: an attribute that is missing, or one too many, does not compile. */
export interface EventKind<A extends string = string> {
  (attributes: Readonly<Record<A, Value>>): Event;
  readonly type: string;
  readonly attributes: readonly A[];
}

/** Declares an event. One type may have several kinds, with other attributes each, as the Cosmos SDK's `tx` has. */
export function defineEvent<const A extends string>(type: string, ...attributes: readonly A[]): EventKind<A> {
  const make = (values: Readonly<Record<A, Value>>): Event => ({ type, attributes: attributes.map((key) => ({ key, value: `${values[key]}` })) });
  return Object.assign(make, { type, attributes });
}
