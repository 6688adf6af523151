/** What a person can do with a stored run: read by its row, its menu and the dialogs that ask first. */
import type { RunSummary } from "../../protocol/events.ts";
import type { IconName } from "../components/Icon.tsx";
import { RUN_ACTION_WORDS } from "../text/runs.ts";
import { BUSY_WORDS } from "../text/sharing.ts";
import type { ActionContext } from "./action.ts";

export interface RunAction {
  readonly id: "open" | "branch" | "pin" | "export" | "delete";
  readonly icon: IconName;
  readonly label: (run: RunSummary) => string;
  /** What has to be known first: a title for the copy, or that it is really meant. */
  readonly asks: "title" | "consent" | null;
  /** Whether another run takes the place of the open one; the worker saves that first. */
  readonly opens: boolean;
  readonly run: (context: ActionContext, run: RunSummary, title: string) => void;
}

export const openRun: RunAction = {
  id: "open",
  icon: "play",
  // A pinned run stays as it is: the worker goes on with a copy of it.
  label: ({ isOpen, isPinned }) =>
    isOpen ? RUN_ACTION_WORDS.goTo : isPinned ? RUN_ACTION_WORDS.openCopy : RUN_ACTION_WORDS.open,
  asks: null,
  opens: true,
  run: ({ page }, { runId }) => page.live.session.send({ type: "resumeRun", runId }),
};

export const branchRun: RunAction = {
  id: "branch",
  icon: "branch",
  label: () => RUN_ACTION_WORDS.branch,
  asks: null,
  opens: true,
  run: ({ page }, { runId }) => page.live.session.send({ type: "branchRun", runId }),
};

export const pinRun: RunAction = {
  id: "pin",
  icon: "pin",
  label: () => RUN_ACTION_WORDS.pin,
  asks: "title",
  opens: false,
  run: ({ page }, { runId }, title) => page.live.session.send({ type: "pinRun", runId, title }),
};

export const exportStoredRun: RunAction = {
  id: "export",
  icon: "save",
  label: () => RUN_ACTION_WORDS.export,
  asks: null,
  opens: false,
  run: ({ page, sharing }, { runId }) => {
    sharing.store.setState({ notice: { kind: "busy", words: BUSY_WORDS.run } });
    page.live.session.send({ type: "exportRun", runId });
  },
};

export const deleteRun: RunAction = {
  id: "delete",
  icon: "bin",
  label: () => RUN_ACTION_WORDS.delete,
  asks: "consent",
  opens: false,
  run: ({ page }, { runId, isOpen }) => {
    page.live.session.send({ type: "deleteRun", runId });
    // The page is never left without a run: a new one with the same settings takes the place.
    if (isOpen) page.live.session.startRun();
  },
};

/** Those of a run's menu, in its order. */
export const RUN_MENU: readonly RunAction[] = [pinRun, branchRun, exportStoredRun, deleteRun];
