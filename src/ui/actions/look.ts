/** Looking at another step: of a recording the whole page goes there, of a live run all that is kept of the step. */
import { stepAway } from "../stores/galleryStore.ts";
import { newestStep } from "../stores/pastSteps.ts";
import { type Action, type ActionContext, hasFilm } from "./action.ts";

const FAR = 10;

function look({ stores, source, page }: ActionContext, offset: number): void {
  if (source === "recorded") {
    page.player.seek(stores.run.getState().step + offset);
    return;
  }
  const newest = newestStep(stores.metrics.getState(), stores.gallery.getState());
  stores.gallery.setState(({ selectedStep }) => ({ selectedStep: stepAway(newest, selectedStep, offset) }));
}

/** A key held down goes on walking. */
const walk = (parts: Pick<Action, "id" | "help" | "keys">, words: string, offset: number): Action => ({
  ...parts,
  label: () => words,
  isRepeated: true,
  isEnabled: hasFilm,
  run: (context) => look(context, offset),
});

export const lookBack = walk(
  {
    id: "lookBack",
    help: "Look at the step before: its group, its drawings, its place on the curves.",
    keys: [",", "ArrowLeft"],
  },
  "Earlier step",
  -1,
);

export const lookAhead = walk(
  { id: "lookAhead", help: "Look at the step after; at the end, follow the run.", keys: ["ArrowRight"] },
  "Later step",
  1,
);

export const lookFarBack = walk(
  { id: "lookFarBack", help: "Look ten steps back.", keys: ["Shift+ArrowLeft"] },
  "Ten steps earlier",
  -FAR,
);

export const lookFarAhead = walk(
  { id: "lookFarAhead", help: "Look ten steps ahead.", keys: ["Shift+ArrowRight"] },
  "Ten steps later",
  FAR,
);
