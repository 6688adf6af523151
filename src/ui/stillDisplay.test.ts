import { expect, it } from "vitest";
import { createFakeClient, fakeRunStarted } from "./__fixtures__/fakeClient.ts";
import type { ActionContext } from "./actions/action.ts";
import { standStill } from "./stillDisplay.ts";
import { connectStores, createStores } from "./stores/connectStores.ts";
import { createSettingsStore } from "./stores/settingsStore.ts";

it("shows what there was while the run goes on behind it, and can still be looked around in", () => {
  const client = createFakeClient(() => undefined);
  const stores = createStores(createSettingsStore("light", null));
  const { flush } = connectStores(client, stores, () => undefined);
  client.emit(fakeRunStarted(3));
  flush();
  const still = standStill({ stores } as ActionContext).stores;
  client.playTo(4, 4, 8);
  flush();
  expect(stores.metrics.getState().columns.length).toBe(4);
  expect(Array.from(still.metrics.getState().columns.steps())).toEqual([1, 2, 3]);
  expect([stores.gallery.getState().finished?.step, still.gallery.getState().finished]).toEqual([4, null]);
  still.gallery.setState({ selectedStep: 2 });
  expect(still.gallery.getState().selectedStep).toBe(2);
  // Controls and settings are those of the run.
  expect([still.run, still.settings]).toEqual([stores.run, stores.settings]);
});
