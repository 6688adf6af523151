import type { Action } from "./action.ts";

export const switchSource: Action = {
  id: "switchSource",
  label: ({ source }) => (source === "recorded" ? "Show live" : "Show recorded"),
  help: "Change between the recorded run and the live one.",
  keys: ["l"],
  isEnabled: () => true,
  run: ({ page, source }) => void page.show(source === "recorded" ? "live" : "recorded"),
};
