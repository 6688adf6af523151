import { drawPair, hindrance, nextRecorded } from "../arena/arena.ts";
import { showPair } from "../stores/arenaStore.ts";
import { ARENA_WORDS } from "../text/arena.ts";
import type { Action } from "./action.ts";

export const nextPair: Action = {
  id: "nextPair",
  label: () => ARENA_WORDS.next,
  help: ARENA_WORDS.nextHelp,
  keys: ["n"],
  view: "arena",
  isEnabled: (context) =>
    context.source === "recorded" ? nextRecorded(context) !== null : hindrance(context) === null,
  run: (context) => {
    if (context.source === "live") {
      drawPair(context);
      return;
    }
    const next = nextRecorded(context);
    if (next) context.stores.arena.setState((arena) => showPair(arena, "recorded", next.id));
  },
};
