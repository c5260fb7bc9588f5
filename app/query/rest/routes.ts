/**
 * The REST paths of methods, as google.api.http options of the .proto files have them: which method a request is for, and what its
 * path says of the request's fields. Matched like grpc-gateway v1 does: the path is decoded first and then cut at each slash.
 */
import { type Method } from "../methods.js";

interface Segment {
  readonly literal?: string;
  /** a field, with its dots */
  readonly field?: string;
  /** the field takes the rest of the path */
  readonly rest?: boolean;
}

export interface Route {
  readonly verb: string;
  /** as the .proto file has it */
  readonly template: string;
  readonly segments: readonly Segment[];
  readonly method: Method;
}
export interface Match {
  readonly route: Route;
  /** field → text */
  readonly fields: ReadonlyMap<string, string>;
}

export function segmentsOf(template: string): Segment[] {
  return template
    .slice(1)
    .split("/")
    .map((text): Segment => {
      const [, field, pattern] = /^\{([\w.]+)(?:=(\*\*?))?\}$/.exec(text) ?? [];
      return field === undefined ? { literal: text } : { field, rest: pattern === "**" };
    });
}

export class Routes {
  readonly all: readonly Route[];

  constructor(methods: Iterable<Method>) {
    this.all = [...methods].flatMap((method) => {
      const { rest } = method.info;
      return rest ? [{ verb: rest.verb.toUpperCase(), template: rest.path, segments: segmentsOf(rest.path), method }] : [];
    });
  }

  /** Undefined where no method has such a path, or has it for another verb. */
  find(verb: string, path: string): Match | undefined {
    const parts = path.slice(1).split("/");
    // What stands behind a colon would be a custom verb, and no path here has one.
    if (parts.at(-1)?.includes(":")) return undefined;
    for (const route of this.all) {
      if (route.verb !== verb) continue;
      const fields = matched(route.segments, parts);
      if (fields) return { route, fields };
    }
    return undefined;
  }
}

function matched(segments: readonly Segment[], parts: readonly string[]): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  for (const [i, { literal, field, rest }] of segments.entries()) {
    if (rest && field !== undefined) return fields.set(field, parts.slice(i).join("/"));
    const part = parts[i];
    if (part === undefined || (literal !== undefined && literal !== part)) return undefined;
    if (field !== undefined) fields.set(field, part);
  }
  return parts.length === segments.length ? fields : undefined;
}
