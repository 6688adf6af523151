import type { Action } from "./action.ts";

export const tour: Action = {
  id: "tour",
  label: () => "Guided tour",
  help: "Be shown around, in seven stops.",
  keys: ["g"],
  isEnabled: () => true,
  run: ({ stores }) => stores.settings.setState({ tourStop: 0, isTourKnown: true, isHelpOpen: false }),
};
