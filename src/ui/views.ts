/** The views' code, each in a chunk of its own that is fetched when it is first shown. */
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { parseHash, type ViewId } from "./routes.ts";

const LOADERS: Readonly<Record<ViewId, () => Promise<ComponentType>>> = {
  train: async () => (await import("./views/train/TrainView.tsx")).TrainView,
  arena: async () => (await import("./views/arena/ArenaView.tsx")).ArenaView,
  geneval: async () => (await import("./views/geneval/GenevalView.tsx")).GenevalView,
  how: async () => (await import("./views/how/HowView.tsx")).HowView,
  present: async () => (await import("./views/present/PresentView.tsx")).PresentView,
  runs: async () => (await import("./views/runs/RunsView.tsx")).RunsView,
};

const lazyView = (load: () => Promise<ComponentType>) => lazy(async () => ({ default: await load() }));

export const VIEWS = Object.fromEntries(
  Object.entries(LOADERS).map(([id, load]) => [id, lazyView(load)]),
) as Record<ViewId, LazyExoticComponent<ComponentType>>;

/** Begins to fetch the view that the address names, before anything is drawn. */
export function preloadView(hash: string): void {
  const { view } = parseHash(hash);
  // A failure shows where the view itself is wanted.
  if (view) LOADERS[view]().catch(() => undefined);
}
