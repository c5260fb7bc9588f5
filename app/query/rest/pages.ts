/** What a person sees in a browser: the OpenAPI document, and a page that shows it and tries what it says. Nothing is fetched from elsewhere. */
import { type FastifyInstance } from "fastify";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";

export async function addPages(app: FastifyInstance, document: object): Promise<void> {
  const text = JSON.stringify(document);
  app.get("/openapi.json", (_q, reply) => reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "public, max-age=60").send(text));
  await app.register(swagger, { mode: "static", specification: { document: document as never } });
  await app.register(swaggerUi, { routePrefix: "/swagger", staticCSP: true, uiConfig: { docExpansion: "none", filter: true } });
  app.get("/", (_q, reply) => reply.redirect("/swagger/"));
}
