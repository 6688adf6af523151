import { stepAway } from "../stores/galleryStore.ts";
import type { Action } from "./action.ts";

export const lookAhead: Action = {
  id: "lookAhead",
  label: () => "Later drawing",
  help: "Look at a later drawing in the filmstrip.",
  keys: ["ArrowRight"],
  isEnabled: ({ stores }) => stores.gallery.getState().rows.length > 0,
  run: ({ stores }) => stores.gallery.setState((gallery) => ({ selectedStep: stepAway(gallery, 1) })),
};
