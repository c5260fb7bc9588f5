/** The OpenAPI document of all REST paths, from the descriptors and comments of the .proto files. */
import { type Codec, type FieldInfo } from "#proto/wire.js";
import { VERSION } from "../../version.js";
import { httpStatus } from "./gateway.js";
import { type Route } from "./routes.js";

type Json = Readonly<Record<string, unknown>>;

/** of nested messages in a query string: pages, and what stands in them */
const DEPTH = 2;

/** Refusals by gRPC code, as every path may give them. */
const REFUSALS: Readonly<Record<number, string>> = {
  2: "The chain refuses: the message says why.",
  3: "The request is wrong: the message says what is.",
  4: "There was no answer in time.",
  5: "There is no such thing.",
  8: "Too much was asked: of one answer, or by one caller at one time.",
  12: "There is no such path.",
  14: "The engine, or the state, is not there at this moment.",
};

const STATUS = "google.rpc.Status";
const ANY = "google.protobuf.Any";

export function openApi(routes: readonly Route[]): Json {
  const schemas: Record<string, Json> = {
    [STATUS]: { type: "object", description: "A refusal.", required: ["code", "message", "details"], properties: { code: { type: "integer", description: "of gRPC" }, message: { type: "string" }, details: { type: "array", items: ref(ANY) } } },
    [ANY]: { type: "object", description: "A message of the type that it names, with that type's fields beside.", properties: { "@type": { type: "string", example: "/cosmos.bank.v1beta1.MsgSend" } }, additionalProperties: true },
  };
  const schemaOf = (codec: Codec<unknown>): Json => {
    const name = codec.typeUrl.slice(1);
    if (!Object.hasOwn(schemas, name)) {
      schemas[name] = {}; // it may hold itself
      schemas[name] = { type: "object", ...said(codec.comment), properties: Object.fromEntries(codec.fields.map((f) => [f.proto, fieldSchema(f, schemaOf)])) };
    }
    return ref(name);
  };
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.template.replace(/\{([\w.]+)=\*\*?\}/g, "{$1}");
    (paths[path] ??= {})[route.verb.toLowerCase()] = operation(route, schemaOf);
  }
  return {
    openapi: "3.0.3",
    info: { title: "pouwd", version: VERSION, description: "What a node answers over HTTP: every query of its modules, and the Cosmos SDK's services of transactions, of the engine and of the node. 64-bit integers are text, bytes base64." },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      parameters: { height: { name: "x-cosmos-block-height", in: "header", description: "Height of the state to answer from; without it, or with 0, the newest.", schema: { type: "string", pattern: "^[0-9]{1,18}$" } } },
      responses: Object.fromEntries(Object.entries(REFUSALS).map(([code, description]) => [`code${code}`, { description, content: { "application/json": { schema: ref(STATUS) } } }])),
    },
  };
}

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const said = (comment: string | undefined): Json => (comment ? { description: comment } : {});
const tagOf = ({ method }: Route): string => method.service.name.replace(/\.(?:Query|Service)$/, "");

function operation({ verb, template, segments, method }: Route, schemaOf: (c: Codec<unknown>) => Json): Json {
  const { info, service } = method;
  const inPath = new Set(segments.flatMap((s) => s.field ?? []));
  const parameters: Json[] = [{ $ref: "#/components/parameters/height" }];
  for (const name of inPath) {
    const f = fieldAt(info.request, name.split("."));
    parameters.unshift({ name, in: "path", required: true, ...said(f?.comment), schema: { ...(f ? textSchema(f) : { type: "string" }), ...(f?.type === "string" ? { minLength: 1 } : {}) } });
  }
  if (verb === "GET") for (const p of queryParameters(info.request, [], inPath)) parameters.push(p);
  // Several refusals may have one status.
  const refusals: Record<string, Json> = {};
  for (const code of Object.keys(REFUSALS)) refusals[httpStatus(Number(code))] = { $ref: `#/components/responses/code${code}` };
  return {
    tags: [tagOf({ verb, template, segments, method })],
    operationId: `${service.name}.${info.name}`,
    ...said(info.comment),
    parameters,
    ...(verb === "GET" ? {} : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(info.request) } } } }),
    responses: { 200: { description: "The answer.", content: { "application/json": { schema: schemaOf(info.response) } } }, ...refusals },
  };
}

function fieldAt(codec: Codec<unknown>, [name, ...rest]: readonly string[]): FieldInfo | undefined {
  const f = codec.fields.find((x) => x.proto === name);
  return f && rest.length > 0 ? (f.codec ? fieldAt(f.codec(), rest) : undefined) : f;
}

function queryParameters(codec: Codec<unknown>, above: readonly string[], inPath: ReadonlySet<string>): Json[] {
  return codec.fields.flatMap((f): Json[] => {
    const name = [...above, f.proto].join(".");
    if (inPath.has(name)) return [];
    const inner = f.type === "message" ? f.codec?.() : undefined;
    if (inner && !TEXTS[inner.typeUrl]) return f.repeated || above.length + 1 >= DEPTH ? [] : queryParameters(inner, [...above, f.proto], inPath);
    const schema = textSchema(f);
    return [{ name, in: "query", ...said(f.comment), schema: f.repeated ? { type: "array", items: schema } : schema, ...(f.repeated ? { explode: true } : {}) }];
  });
}

const TEXTS: Readonly<Record<string, Json>> = {
  "/google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "/google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$", example: "1814400s" },
};

const INTEGER = { uint64: "^[0-9]{1,20}$", fixed64: "^[0-9]{1,20}$", int64: "^-?[0-9]{1,19}$" } as const;

/** Of a field that is one text or number. */
function textSchema(f: FieldInfo): Json {
  if (f.type === "message") return TEXTS[f.codec?.().typeUrl ?? ""] ?? { type: "string" };
  if (f.type === "enum") return { type: "string", enum: Object.keys(f.values ?? {}) };
  if (f.scalar === "dec") return { type: "string", format: "decimal", example: "0.100000000000000000" };
  if (f.type === "bytes") return f.scalar === "int" ? { type: "string", format: "integer" } : { type: "string", format: "byte" };
  if (f.type === "bool") return { type: "boolean" };
  if (f.type === "string") return { type: "string" };
  if (f.type in INTEGER) return { type: "string", format: f.type, pattern: INTEGER[f.type as keyof typeof INTEGER] };
  return { type: "integer", format: "int64", minimum: f.type.startsWith("u") || f.type.startsWith("fixed") ? 0 : -(2 ** 31), maximum: f.type.startsWith("u") || f.type.startsWith("fixed") ? 2 ** 32 - 1 : 2 ** 31 - 1 };
}

function fieldSchema(f: FieldInfo, schemaOf: (c: Codec<unknown>) => Json): Json {
  const inner = f.type === "message" ? f.codec?.() : undefined;
  const one = !inner ? textSchema(f) : (TEXTS[inner.typeUrl] ?? (inner.typeUrl === `/${ANY}` ? ref(ANY) : schemaOf(inner)));
  if (f.repeated) return { type: "array", ...said(f.comment), items: one };
  // A message that is absent is null.
  return inner ? { ...("$ref" in one ? { allOf: [one] } : one), nullable: true, ...said(f.comment) } : { ...one, ...said(f.comment) };
}
