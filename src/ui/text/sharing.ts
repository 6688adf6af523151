/** Words about what a person takes away and brings back. */
import { formatBytes } from "./numbers.ts";

export const SHARE_WORDS = {
  menu: "Share",
  link: "Link",
  linkCopied: "Link copied",
  linkRefused: "This browser does not allow copying. The address above is the same link.",
  pictures: "Pictures",
  numbers: "Numbers",
  run: "The whole run",
  saveCurve: (title: string) => `Save “${title}” as a picture`,
  drop: "Drop it to open it",
  dropHelp: "A run, a checkpoint, an adapter, a picture with settings, or metrics to compare with.",
  compare: (name: string) => `Compared with ${name}`,
  stopComparing: "Stop comparing",
} as const;

/** What is being made, said while it takes a moment. */
export const BUSY_WORDS = {
  picture: "Drawing the picture…",
  animation: (done: number, total: number) => `Drawing frame ${done} of ${total}…`,
  numbers: "Writing the numbers…",
  run: "Packing the run…",
  reading: (name: string) => `Reading ${name}…`,
} as const;

export const saidSaved = (name: string, bytes: number): string => `Saved ${name} (${formatBytes(bytes)})`;
