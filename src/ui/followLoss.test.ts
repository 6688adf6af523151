import { beforeEach, expect, it } from "vitest";
import { createFakeClient, FAKE_MODEL, type FakeClient, fakeRunStarted } from "./__fixtures__/fakeClient.ts";
import { parseAddress } from "./address.ts";
import { followLoss } from "./followLoss.ts";
import { createSession, type LiveSession } from "./session.ts";
import { connectStores, createStores, type Stores } from "./stores/connectStores.ts";
import { createSettingsStore } from "./stores/settingsStore.ts";
import { COMEBACK_WORDS } from "./text/states.ts";

let client: FakeClient;
let stores: Stores;
let session: LiveSession;

const lose = (step: number | null) => {
  const error = { code: "deviceLost" as const, message: "gone", data: {} };
  client.emit({ type: "failed", error, isFatal: true, step });
  client.emit({ type: "stateChanged", state: "failed" });
};
const sentTypes = () => client.sent.map(({ type }) => type);

beforeEach(() => {
  client = createFakeClient(() => undefined);
  stores = createStores(createSettingsStore("light", null));
  session = createSession({
    client,
    stores,
    address: parseAddress("https://host/"),
    rootUrl: "https://host/",
    fetchJson: async () => ({}),
  });
  connectStores(client, stores, (commit) => commit());
  followLoss({ stores, session });
  client.emit(FAKE_MODEL);
  client.emit(fakeRunStarted(5));
  client.sent.length = 0;
});

it("reconnects by itself after the first loss, plays on, and says where from; after the second it asks", () => {
  session.send({ type: "play" });
  lose(7);
  expect(sentTypes()).toEqual(["play", "reconnect"]);
  expect(stores.run.getState()).toMatchObject({ failure: null, comeback: { lostAt: 7, resumedAt: null } });
  client.emit(FAKE_MODEL);
  client.emit(fakeRunStarted(5));
  expect(stores.run.getState().comeback).toEqual({ lostAt: 7, resumedAt: 5 });
  expect(sentTypes()).toEqual(["play", "reconnect", "play"]);
  lose(8);
  expect(sentTypes()).toHaveLength(3);
  expect(stores.run.getState()).toMatchObject({ failure: { error: { code: "deviceLost" } }, comeback: null });
});

it("leaves a run resting that was only asked for one step, and names the last finished step", () => {
  session.send({ type: "play" });
  session.send({ type: "changeConfig", changes: { learningRate: 1e-3 } });
  session.send({ type: "stepOnce" });
  lose(null);
  client.emit(FAKE_MODEL);
  client.emit(fakeRunStarted(5));
  expect(sentTypes().at(-1)).toBe("reconnect");
  expect(stores.run.getState().comeback).toEqual({ lostAt: 5, resumedAt: 5 });
});

it("asks when the reconnection fails, and does not play what is begun instead", () => {
  session.send({ type: "play" });
  lose(6);
  const error = { code: "noWebGpu" as const, message: "none", data: {} };
  client.emit({ type: "failed", error, isFatal: false, step: null });
  expect(stores.run.getState()).toMatchObject({ failure: { error: { code: "noWebGpu" } }, comeback: null });
  client.emit(fakeRunStarted(0));
  expect(sentTypes().at(-1)).toBe("reconnect");
});

it("asks where no run is open, and forgets a comeback with the next run", () => {
  stores.run.setState({ runId: null });
  lose(null);
  expect(client.sent).toEqual([]);
  stores.run.setState({ comeback: { lostAt: 3, resumedAt: 2 } });
  client.emit(fakeRunStarted(0));
  expect(stores.run.getState().comeback).toBeNull();
});

it("says where the run goes on from, or that it begins again", () => {
  expect(COMEBACK_WORDS.back(127, 120)).toContain(
    "reset at step 127; the run goes on from the checkpoint of step 120",
  );
  expect(COMEBACK_WORDS.back(2, 0)).toContain("begins again");
});
