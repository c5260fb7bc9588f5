/** The store `fees`. */
import { defineStore } from "#kernel/store.js";

export const store = defineStore("fees");
// 0: params.ts
