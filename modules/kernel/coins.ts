/** What a denomination and an amount may be. */

const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;
/** 256-bit amounts, as in the Cosmos SDK */
export const MAX_AMOUNT = (1n << 256n) - 1n;

export const isDenom = (text: string): boolean => DENOM.test(text);
