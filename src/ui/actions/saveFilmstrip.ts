import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasFilm } from "./action.ts";

export const saveFilmstrip: Action = {
  id: "saveFilmstrip",
  label: () => "Filmstrip",
  help: "Save the filmstrip as a picture with its settings inside.",
  keys: [],
  isEnabled: hasFilm,
  run: (context) => void takeAway(context, { kind: "filmstrip" }),
};
