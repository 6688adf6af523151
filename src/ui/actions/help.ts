import type { Action } from "./action.ts";

export const help: Action = {
  id: "help",
  label: () => "Help",
  help: "Show what this page does and the keyboard shortcuts.",
  keys: ["?"],
  isEnabled: () => true,
  run: ({ stores }) => stores.settings.setState((settings) => ({ isHelpOpen: !settings.isHelpOpen })),
};
