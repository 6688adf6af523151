import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasFilm } from "./action.ts";

export const saveVideo: Action = {
  id: "saveVideo",
  label: () => "Filmstrip as video",
  help: "Save the filmstrip as a WebM video.",
  keys: [],
  isEnabled: (context) => hasFilm(context) && typeof VideoEncoder === "function",
  run: (context) => void takeAway(context, { kind: "video" }),
};
