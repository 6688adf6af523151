/** What a person can take away and bring back, in the groups of the Share menu. */
import { SHARE_WORDS } from "../text/sharing.ts";
import type { Action } from "./action.ts";
import { copyLink } from "./copyLink.ts";
import { exportRun } from "./exportRun.ts";
import { openFile } from "./openFile.ts";
import { saveCsv } from "./saveCsv.ts";
import { saveCurves } from "./saveCurves.ts";
import { saveEvents } from "./saveEvents.ts";
import { saveFilmstrip } from "./saveFilmstrip.ts";
import { saveGif } from "./saveGif.ts";
import { saveGroup } from "./saveGroup.ts";
import { saveJsonLines } from "./saveJsonLines.ts";
import { saveVideo } from "./saveVideo.ts";

export const SHARE_ACTIONS: readonly { readonly title: string; readonly actions: readonly Action[] }[] = [
  { title: SHARE_WORDS.link, actions: [copyLink] },
  {
    title: SHARE_WORDS.pictures,
    actions: [saveCurves, saveGroup, saveFilmstrip, saveVideo, saveGif],
  },
  { title: SHARE_WORDS.numbers, actions: [saveCsv, saveJsonLines, saveEvents] },
  { title: SHARE_WORDS.run, actions: [exportRun, openFile] },
];
