/** All actions, in the order the help overlay lists them. */
import type { Action } from "./action.ts";
import { compareWithStart } from "./compareWithStart.ts";
import { copyLink } from "./copyLink.ts";
import { exportRun } from "./exportRun.ts";
import { goTo } from "./goTo.ts";
import { help } from "./help.ts";
import { judgeImages } from "./judge.ts";
import { lookAhead, lookBack, lookFarAhead, lookFarBack } from "./look.ts";
import { nextPair } from "./nextPair.ts";
import { openFile } from "./openFile.ts";
import { pauseDisplay } from "./pauseDisplay.ts";
import { playPause } from "./playPause.ts";
import { reset } from "./reset.ts";
import { resetNewSeed } from "./resetNewSeed.ts";
import { save } from "./save.ts";
import { stepOnce } from "./stepOnce.ts";
import { stepPhase } from "./stepPhase.ts";
import { stop } from "./stop.ts";
import { switchSource } from "./switchSource.ts";
import { theme } from "./theme.ts";
import { tour } from "./tour.ts";
import { votes } from "./vote.ts";

export const ACTIONS: readonly Action[] = [
  playPause,
  stepOnce,
  stepPhase,
  stop,
  reset,
  resetNewSeed,
  save,
  pauseDisplay,
  lookBack,
  lookAhead,
  lookFarBack,
  lookFarAhead,
  compareWithStart,
  judgeImages,
  exportRun,
  openFile,
  switchSource,
  ...goTo,
  ...votes,
  nextPair,
  copyLink,
  theme,
  tour,
  help,
];
