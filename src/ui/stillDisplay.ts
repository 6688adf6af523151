/** A display that stands still while the run behind it goes on: pictures and curves as they are now, all else live. */
import type { ActionContext } from "./actions/action.ts";
import { createGalleryStore } from "./stores/galleryStore.ts";
import { createMetricsStore } from "./stores/metricsStore.ts";

/** What components reach while the display is paused; looking at other steps still works on what is there. */
export function standStill(playground: ActionContext): ActionContext {
  const { stores } = playground;
  const gallery = createGalleryStore();
  gallery.setState(stores.gallery.getState(), true);
  const metrics = createMetricsStore();
  const shown = stores.metrics.getState();
  metrics.setState({ ...shown, columns: shown.columns.copy() }, true);
  return { ...playground, stores: { ...stores, gallery, metrics } };
}
