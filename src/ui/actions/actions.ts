/** All actions, in the order the help overlay lists them. */
import type { Action } from "./action.ts";
import { copyLink } from "./copyLink.ts";
import { exportRun } from "./exportRun.ts";
import { goTo } from "./goTo.ts";
import { help } from "./help.ts";
import { judgeImages } from "./judge.ts";
import { lookAhead } from "./lookAhead.ts";
import { lookBack } from "./lookBack.ts";
import { nextPair } from "./nextPair.ts";
import { openFile } from "./openFile.ts";
import { playPause } from "./playPause.ts";
import { reset } from "./reset.ts";
import { save } from "./save.ts";
import { stepOnce } from "./stepOnce.ts";
import { stepPhase } from "./stepPhase.ts";
import { stop } from "./stop.ts";
import { switchSource } from "./switchSource.ts";
import { theme } from "./theme.ts";
import { votes } from "./vote.ts";

export const ACTIONS: readonly Action[] = [
  playPause,
  stepOnce,
  stepPhase,
  stop,
  reset,
  save,
  lookBack,
  lookAhead,
  judgeImages,
  exportRun,
  openFile,
  switchSource,
  ...goTo,
  ...votes,
  nextPair,
  copyLink,
  theme,
  help,
];
