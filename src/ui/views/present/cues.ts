/** What a presenter can ask for, and with which key. Clickers send the page keys and the full stop. Pure. */
import { findAction, type KeyPress } from "../../shortcuts.ts";

/** In the order the overlay lists them. Keys stand before those of the rest of the page. */
export const CUES = [
  { id: "next", keys: ["ArrowRight", "PageDown"] },
  { id: "back", keys: ["ArrowLeft", "PageUp"] },
  { id: "later", keys: ["Shift+ArrowRight"] },
  { id: "earlier", keys: ["Shift+ArrowLeft"] },
  { id: "source", keys: ["r"] },
  { id: "black", keys: ["b", "."] },
  { id: "notes", keys: ["n"] },
  { id: "notesWindow", keys: ["w"] },
  { id: "fullScreen", keys: ["f"] },
  { id: "keys", keys: ["?"] },
  { id: "leave", keys: ["Escape"] },
] as const;
export type CueId = (typeof CUES)[number]["id"];

export const keysOf = (cue: CueId): readonly string[] => CUES.find(({ id }) => id === cue)?.keys ?? [];

/**
 * The cue of a key press, or null.
 * @param hasShortcuts false leaves only the keys that are no characters
 */
export function findCue(press: KeyPress, hasShortcuts: boolean): CueId | null {
  if (press.key.length === 1 && !hasShortcuts) return null;
  return findAction(CUES, press)?.id ?? null;
}

/** Steps of a recording that one cue goes over. */
export const LEAP_STEPS = 10;

/** What lies over the beats. */
export interface Overlays {
  readonly isBlack: boolean;
  readonly hasNotes: boolean;
  /** The notes stand in a window of their own, for a second screen. */
  readonly hasNotesWindow: boolean;
  readonly hasKeys: boolean;
}

export const NO_OVERLAYS: Overlays = {
  isBlack: false,
  hasNotes: false,
  hasNotesWindow: false,
  hasKeys: false,
};

/** The overlays after a cue; in the dark nothing is opened that nobody could see. */
export function layOver(overlays: Overlays, cue: CueId): Overlays {
  if (cue === "black") return { ...overlays, isBlack: !overlays.isBlack, hasKeys: false };
  if (cue === "leave") return { ...overlays, isBlack: false, hasKeys: false };
  if (cue === "notesWindow") return { ...overlays, hasNotesWindow: !overlays.hasNotesWindow };
  if (overlays.isBlack) return overlays;
  if (cue === "notes") return { ...overlays, hasNotes: !overlays.hasNotes };
  if (cue === "keys") return { ...overlays, hasKeys: !overlays.hasKeys };
  return overlays;
}

/** What Escape leaves: what lies over the beats, then full screen, then the presentation. */
export function whatToLeave({ isBlack, hasKeys }: Overlays, isFullScreen: boolean) {
  if (isBlack || hasKeys) return "overlay";
  return isFullScreen ? "fullScreen" : "view";
}
