/** The beats of the presentation, in order: one idea each. */

export const BEATS = ["prompts", "drawing", "question", "reward", "change", "curve"] as const;
export type Beat = (typeof BEATS)[number];

export const FIRST_BEAT: Beat = "prompts";

export const isBeat = (name: string): name is Beat => BEATS.some((beat) => beat === name);

/** The beat `offset` away; the first and the last one hold. */
export function beatAt(beat: Beat, offset: number): Beat {
  const at = BEATS.indexOf(beat) + offset;
  return BEATS[Math.min(BEATS.length - 1, Math.max(0, at))] ?? FIRST_BEAT;
}
