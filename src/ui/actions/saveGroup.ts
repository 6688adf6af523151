import { takeAway } from "../sharing/sharing.ts";
import { lastDrawnGroup } from "../stores/galleryStore.ts";
import type { Action } from "./action.ts";

export const saveGroup: Action = {
  id: "saveGroup",
  label: () => "This group",
  help: "Save the group of images you see as a picture with its settings inside.",
  keys: [],
  isEnabled: ({ stores }) => lastDrawnGroup(stores.gallery.getState()) !== null,
  run: (context) => void takeAway(context, { kind: "group" }),
};
