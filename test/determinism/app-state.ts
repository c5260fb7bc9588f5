/** The text of `app_state` in a genesis file. CometBFT hands the file's own bytes to InitChain, white space included, so parsing and printing would not do. */

/** End of the JSON value that begins with a brace at `from`. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; text[i] !== '"'; i++) {
        if (text[i] === "\\") i++;
        if (i >= text.length) throw new Error("the genesis ends within a string");
      }
    } else if (c === "{") depth++;
    else if (c === "}" && --depth === 0) return i + 1;
  }
  throw new Error("the genesis ends within app_state");
}

export function appStateText(genesis: string): string {
  const key = /"app_state"\s*:\s*(?=\{)/.exec(genesis);
  if (!key) throw new Error("the genesis has no object app_state");
  const from = key.index + key[0].length;
  return genesis.slice(from, endOfObject(genesis, from));
}
