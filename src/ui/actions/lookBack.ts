import { stepAway } from "../stores/galleryStore.ts";
import type { Action } from "./action.ts";

export const lookBack: Action = {
  id: "lookBack",
  label: () => "Earlier drawing",
  help: "Look at an earlier drawing in the filmstrip.",
  keys: [",", "ArrowLeft"],
  isEnabled: ({ stores }) => stores.gallery.getState().rows.length > 0,
  run: ({ stores }) => stores.gallery.setState((gallery) => ({ selectedStep: stepAway(gallery, -1) })),
};
