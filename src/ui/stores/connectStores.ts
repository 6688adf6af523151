/**
 * Carries worker events into the stores. Events are collected and committed together, once a frame and once a
 * store, so a burst of messages costs one render. A hidden page has no frames: a slow timer takes their place.
 */
import type { StoreApi } from "zustand/vanilla";
import type { WorkerEvent } from "../../protocol/events.ts";
import type { TrainClient } from "../../workers/client.ts";
import { type ArenaStore, createArenaStore, reduceArena } from "./arenaStore.ts";
import { createDeviceStore, type DeviceStore, reduceDevice } from "./deviceStore.ts";
import { createEvaluationStore, type EvaluationStore, reduceEvaluation } from "./evaluationStore.ts";
import { createGalleryStore, EMPTY_GALLERY, type GalleryStore, reduceGallery } from "./galleryStore.ts";
import { createMetricsStore, type MetricsStore, reduceMetrics } from "./metricsStore.ts";
import { createRunStore, EMPTY_RUN, type RunStore, reduceRun } from "./runStore.ts";
import { createRunsStore, type RunsStore, reduceRuns } from "./runsStore.ts";
import type { Memory, SettingsStore } from "./settingsStore.ts";
import { createVotesStore, type VotesStore } from "./votesStore.ts";

/** What the recorded and the live run have in common. */
export interface SharedStores {
  readonly arena: ArenaStore;
  readonly votes: VotesStore;
}

export const createSharedStores = (memory: Memory | null): SharedStores => ({
  arena: createArenaStore(),
  votes: createVotesStore(memory),
});

export interface Stores extends SharedStores {
  readonly run: RunStore;
  readonly metrics: MetricsStore;
  readonly gallery: GalleryStore;
  readonly device: DeviceStore;
  readonly runs: RunsStore;
  readonly evaluation: EvaluationStore;
  readonly settings: SettingsStore;
}

export function createStores(settings: SettingsStore, shared = createSharedStores(null)): Stores {
  return {
    ...shared,
    run: createRunStore(),
    metrics: createMetricsStore(),
    gallery: createGalleryStore(),
    device: createDeviceStore(),
    runs: createRunsStore(),
    evaluation: createEvaluationStore(),
    settings,
  };
}

/** Empties what shows a run; what went wrong stays to be read. */
export function clearStores({ run, metrics, gallery, device }: Stores): void {
  const { failure } = run.getState();
  run.setState({ ...EMPTY_RUN, failure }, true);
  metrics.setState(createMetricsStore().getState(), true);
  gallery.setState(EMPTY_GALLERY, true);
  device.setState(createDeviceStore().getState(), true);
}

/** Asks for one call soon; a new frame in the page, a plain function in tests. */
export type Schedule = (commit: () => void) => void;

const HIDDEN_COMMIT_MS = 1000;

export const scheduleFrame: Schedule = (commit) => {
  if (document.hidden) setTimeout(commit, HIDDEN_COMMIT_MS);
  else requestAnimationFrame(commit);
};

function fold<S>(
  store: StoreApi<S>,
  reduce: (state: S, event: WorkerEvent) => S,
  events: readonly WorkerEvent[],
) {
  const before = store.getState();
  const after = events.reduce(reduce, before);
  if (after !== before) store.setState(after, true);
}

/** Drafts that the run now has are no drafts any more; a new run forgets them all. */
function settleDraft(settings: SettingsStore, events: readonly WorkerEvent[]): void {
  for (const event of events) {
    if (event.type === "runStarted") settings.setState({ draft: {} });
    if (event.type !== "configChanged") continue;
    const { draft } = settings.getState();
    const open = Object.entries(draft).filter(([key]) => !event.keys.includes(key));
    settings.setState({ draft: Object.fromEntries(open) });
  }
}

export interface Connection {
  /** Commits what has arrived, now. */
  flush(): void;
  disconnect(): void;
}

/**
 * Subscribes the stores to the client.
 * @param ownsDraft whether the client's run takes the drafts over; a recording never does
 */
export function connectStores(
  client: Pick<TrainClient, "subscribe">,
  stores: Stores,
  schedule: Schedule = scheduleFrame,
  ownsDraft = true,
): Connection {
  let arrived: WorkerEvent[] = [];
  const flush = () => {
    if (arrived.length === 0) return;
    const events = arrived;
    arrived = [];
    fold(stores.run, reduceRun, events);
    fold(stores.metrics, reduceMetrics, events);
    fold(stores.gallery, reduceGallery, events);
    fold(stores.device, reduceDevice, events);
    fold(stores.arena, reduceArena, events);
    fold(stores.runs, reduceRuns, events);
    fold(stores.evaluation, reduceEvaluation, events);
    if (ownsDraft) settleDraft(stores.settings, events);
  };
  const disconnect = client.subscribe((event) => {
    arrived.push(event);
    if (arrived.length === 1) schedule(flush);
  });
  return { flush, disconnect };
}
