/** A message that a person wrote as JSON, signed and sent. */
import { type Codec } from "#proto/wire.js";
import { Context, type GlobalOptions } from "../context.js";
import { fileText } from "./json.js";
import { messageFrom } from "./services.js";
import { showOn } from "./show.js";

/** `text`: JSON, or @FILE with it. */
export async function sendJson<T>(message: Codec<T>, text: string, options: GlobalOptions): Promise<void> {
  const codec = message as Codec<unknown>;
  const json = text.startsWith("@") ? fileText(text.slice(1), text) : text;
  messageFrom(codec, json, ""); // what is no message is refused before anybody is asked for a passphrase
  const context = new Context(options);
  const chain = await context.chain();
  const sender = await context.sender(chain);
  await showOn(chain, context, await sender.send([{ codec, value: messageFrom(codec, json, sender.address) }]));
}
