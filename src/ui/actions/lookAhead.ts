import { stepAway } from "../stores/galleryStore.ts";
import type { Action } from "./action.ts";

export const lookAhead: Action = {
  id: "lookAhead",
  label: () => "Later step",
  help: "Look at a later step.",
  keys: ["ArrowRight"],
  isEnabled: ({ stores }) => stores.gallery.getState().rows.length > 0,
  run: ({ stores, source, page }) => {
    if (source === "recorded") page.player.seek(stores.run.getState().step + 1);
    else stores.gallery.setState((gallery) => ({ selectedStep: stepAway(gallery, 1) }));
  },
};
