/** What a proposal says of itself: lengths, and that metadata in the form that the Cosmos SDK recommends says the same. */
import { utf8 } from "#kernel/bytes.js";
import { sdk } from "#kernel/errors.js";
import { govErrors } from "./errors.js";
import { MAX_METADATA } from "./types.js";

export function checkMetadata(text: string): void {
  const { length } = utf8(text);
  if (length > MAX_METADATA) throw govErrors.metadataTooLong(`got metadata with length ${length}`);
}

export function checkSummary(text: string): void {
  const { length } = utf8(text);
  if (length > 40 * MAX_METADATA) throw govErrors.summaryTooLong(`got summary with length ${length}`);
}

/** Fields of metadata, as Go's names of them without their case. */
const TEXTS = ["title", "summary", "details", "proposal_forum_url", "vote_option_context"];

/** Title and summary of metadata; undefined where it is of no such form, which is as good. */
export function statedIn(metadata: string): { readonly title: string; readonly summary: string } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(metadata);
  } catch {
    return undefined;
  }
  const said = { title: "", summary: "" };
  if (json === null) return said;
  if (typeof json !== "object" || Array.isArray(json)) return undefined;
  for (const [key, value] of Object.entries(json)) {
    const name = key.toLowerCase();
    if (value === null) continue;
    if (name === "authors") {
      if (!Array.isArray(value) || value.some((v) => v !== null && typeof v !== "string")) return undefined;
    } else if (TEXTS.includes(name)) {
      if (typeof value !== "string") return undefined;
      if (name === "title" || name === "summary") said[name] = value;
    }
  }
  return said;
}

/** Throws as x/gov/keeper/msg_server.go does; lengths before all else. */
export function checkTexts({ title, summary, metadata }: { readonly title: string; readonly summary: string; readonly metadata: string }): void {
  if (title === "") throw sdk.invalidRequest("proposal title cannot be empty");
  if (summary === "") throw sdk.invalidRequest("proposal summary cannot be empty");
  checkMetadata(metadata);
  checkSummary(summary);
  checkMetadata(title);
  const said = metadata === "" ? undefined : statedIn(metadata);
  if (said && said.title !== title) throw govErrors.invalidContent(`metadata title '${said.title}' must equal proposal title '${title}'`);
  if (said && said.summary !== summary) throw govErrors.invalidContent(`metadata summary '${said.summary}' must equal proposal summary '${summary}'`);
}
