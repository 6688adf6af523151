import { stepAway } from "../stores/galleryStore.ts";
import type { Action } from "./action.ts";

export const lookBack: Action = {
  id: "lookBack",
  label: () => "Earlier step",
  help: "Look at an earlier step: of a recording the whole page, of a live run the filmstrip.",
  keys: [",", "ArrowLeft"],
  isEnabled: ({ stores }) => stores.gallery.getState().rows.length > 0,
  run: ({ stores, source, page }) => {
    if (source === "recorded") page.player.seek(stores.run.getState().step - 1);
    else stores.gallery.setState((gallery) => ({ selectedStep: stepAway(gallery, -1) }));
  },
};
