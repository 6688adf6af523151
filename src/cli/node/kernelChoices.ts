import type { ChoiceStore } from "../../engine/index.ts";

/** Kernels are timed anew by every command: one run is long, and the next may be on another machine. */
export const UNKEPT_CHOICES: ChoiceStore = { load: async () => ({}), save: async () => {} };
