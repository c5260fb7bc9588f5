/** Contents of the older form: text proposals are there, all others are refused by the name of the handler that is not. */
import { utf8 } from "#kernel/bytes.js";
import { TextProposal } from "#proto/gen/cosmos/gov/v1beta1/gov.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { govErrors } from "./errors.js";

const MAX_TITLE = 140;
const MAX_DESCRIPTION = 10_000;

/** Contents that the Cosmos SDK knows, and whose handler would run them. */
const ROUTES: ReadonlyMap<string, string> = new Map([
  ["/cosmos.upgrade.v1beta1.SoftwareUpgradeProposal", "upgrade"],
  ["/cosmos.upgrade.v1beta1.CancelSoftwareUpgradeProposal", "upgrade"],
  ["/cosmos.params.v1beta1.ParameterChangeProposal", "params"],
  ["/cosmos.distribution.v1beta1.CommunityPoolSpendProposal", "distribution"],
]);

/** The text proposal that an Any holds, checked. Throws by name what is none. */
export function textProposal(content: Any | undefined): TextProposal {
  if (!content) throw govErrors.invalidContent("missing content");
  const { typeUrl, value } = content;
  if (typeUrl !== TextProposal.typeUrl) {
    const route = ROUTES.get(typeUrl);
    throw route ? govErrors.noHandler(route) : govErrors.invalidContent(`${JSON.stringify(typeUrl.slice(0, 100))} is no content of a proposal`);
  }
  let text: TextProposal;
  try {
    text = TextProposal.decode(value);
  } catch (e) {
    throw govErrors.invalidContent((e as Error).message);
  }
  if (text.title.trim() === "") throw govErrors.invalidContent("proposal title cannot be blank");
  if (utf8(text.title).length > MAX_TITLE) throw govErrors.invalidContent(`proposal title is longer than max length of ${MAX_TITLE}`);
  if (text.description === "") throw govErrors.invalidContent("proposal description cannot be blank");
  if (utf8(text.description).length > MAX_DESCRIPTION) throw govErrors.invalidContent(`proposal description is longer than max length of ${MAX_DESCRIPTION}`);
  return text;
}
