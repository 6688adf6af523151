import { DISPLAY_WORDS } from "../text/train.ts";
import { type Action, isAlive } from "./action.ts";

export const pauseDisplay: Action = {
  id: "pauseDisplay",
  label: ({ stores }) =>
    stores.settings.getState().isDisplayPaused ? DISPLAY_WORDS.goOn : DISPLAY_WORDS.pause,
  help: "Let pictures and curves stand still, or move again; the training goes on.",
  keys: ["d"],
  // A stage never stands still.
  isEnabled: ({ stores, source, page }) =>
    source === "live" && page.store.getState().view !== "present" && isAlive(stores.run.getState()),
  run: ({ stores }) =>
    stores.settings.setState(({ isDisplayPaused }) => ({ isDisplayPaused: !isDisplayPaused })),
};
