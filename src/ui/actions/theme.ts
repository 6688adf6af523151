import type { Action } from "./action.ts";

export const theme: Action = {
  id: "theme",
  label: ({ stores }) => (stores.settings.getState().theme === "dark" ? "Light theme" : "Dark theme"),
  help: "Switch between light and dark.",
  keys: ["t"],
  isEnabled: () => true,
  run: ({ stores }) =>
    stores.settings.setState((settings) => ({ theme: settings.theme === "dark" ? "light" : "dark" })),
};
