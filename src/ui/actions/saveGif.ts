import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasFilm } from "./action.ts";

export const saveGif: Action = {
  id: "saveGif",
  label: () => "Filmstrip as GIF",
  help: "Save the filmstrip as an animation that plays everywhere.",
  keys: [],
  isEnabled: hasFilm,
  run: (context) => void takeAway(context, { kind: "gif" }),
};
