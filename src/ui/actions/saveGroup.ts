import { takeAway } from "../sharing/sharing.ts";
import type { Action } from "./action.ts";

export const saveGroup: Action = {
  id: "saveGroup",
  label: () => "This group",
  help: "Save the group of images you see as a picture with its settings inside.",
  keys: [],
  isEnabled: ({ stores }) => {
    const { current, finished, selectedGroup } = stores.gallery.getState();
    const groups = (current ?? finished)?.groups ?? [];
    return Boolean(groups[Math.min(selectedGroup, groups.length - 1)]);
  },
  run: (context) => void takeAway(context, { kind: "group" }),
};
