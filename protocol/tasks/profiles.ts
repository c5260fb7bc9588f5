/** How an iteration is computed, and so how it is judged: to the bit, or within the bound of section 10. A task names one. */
export const EXACT_PROFILE = "wasm-f32-1";
export const TOLERANT_PROFILE = "tf-f32";
export const PROFILES: readonly string[] = [EXACT_PROFILE, TOLERANT_PROFILE];

/** Where nothing is named the profile is the exact one. */
export const isTolerant = (profile: string): boolean => profile === TOLERANT_PROFILE;
