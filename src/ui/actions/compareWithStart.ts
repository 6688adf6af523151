import { type Action, hasFilm } from "./action.ts";

export const compareWithStart: Action = {
  id: "compareWithStart",
  label: () => "Compare with the start",
  help: "Lay the filmstrip's first drawings over those looked at, to swipe between them; again to end it.",
  keys: ["c"],
  isEnabled: hasFilm,
  run: ({ stores }) =>
    stores.gallery.setState(({ isSwiped, pinnedStep }) => ({
      isSwiped: !isSwiped || pinnedStep !== null,
      pinnedStep: null,
    })),
};
