/**
 * What a person does with the page as a whole: go to a view, open a lesson, change between the recording and the live
 * run, load the model. No React; the stores show what comes of it.
 */
import { diffConfig, type RunConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import { type RecordingReader, readRecording } from "../formats/recordingFile.ts";
import { type RecordingEntry, recordingManifestSchema } from "../protocol/recording.ts";
import type { RecordedClient } from "../workers/recordedClient.ts";
import { configOf, type Lesson } from "./lessons/lessons.ts";
import type { Link } from "./permalink.ts";
import type { ViewId } from "./routes.ts";
import type { LiveSession, RunPlan, Session } from "./session.ts";
import { type Drawing, want } from "./stores/arenaStore.ts";
import { clearStores, type Stores } from "./stores/connectStores.ts";
import type { PageStore, PlaybackStore, Source } from "./stores/pageStore.ts";

/** A run on the page, recorded or live: what it shows and what can be done with it. */
export interface Side<S extends Session = Session> {
  readonly stores: Stores;
  readonly session: S;
}

export interface PageParts {
  readonly store: PageStore;
  readonly playback: PlaybackStore;
  readonly player: RecordedClient;
  readonly recorded: Side;
  readonly live: Side<LiveSession>;
  readonly readRecording: (lesson: Lesson) => Promise<RecordingReader>;
  readonly fetchManifest: () => Promise<unknown>;
  /** Whether a recording may begin to move by itself. */
  readonly mayMove: boolean;
}

export interface Page
  extends Pick<PageParts, "store" | "playback" | "player" | "recorded" | "live" | "readRecording"> {
  navigate(view: ViewId): void;
  /** Shows a view, and in the arena a drawing when one is asked for. */
  showView(view: ViewId, drawing: Drawing | null): void;
  /** Shows the recording or the live run. A recording of the live run's lesson goes on from its step. */
  show(source: Source): Promise<void>;
  /** Opens a lesson's recording and plays it. */
  openLesson(lesson: Lesson): Promise<void>;
  /** Begins a live run with the lesson's configuration, the drafts and these changes, and plays it when it can. */
  playLive(changes?: Partial<RunConfig>): void;
  /** All recordings that ship with the page. @throws EngineError("networkFailed" | "fileCorrupt") */
  listRecordings(): Promise<readonly RecordingEntry[]>;
  /** Puts a link's state on the page. */
  follow(link: Link): Promise<void>;
}

/** Fetches a lesson's recording; it can be played while it arrives. @throws EngineError("networkFailed" | …) */
export async function fetchRecording(rootUrl: string, { id, title }: Lesson): Promise<RecordingReader> {
  const url = new URL(`runs/${id}/run.bin`, rootUrl).href;
  try {
    const response = await fetch(url);
    const isPage = response.headers.get("content-type")?.includes("text/html") ?? false;
    if (!response.ok || isPage || !response.body) throw new Error(`the server answered ${response.status}`);
    return await readRecording(response.body);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "networkFailed",
      `The recording “${title}” could not be fetched: ${reason}. Check the connection, or play live.`,
      { url },
      { cause },
    );
  }
}

class LessonPage implements Page {
  readonly store: PageStore;
  readonly playback: PlaybackStore;
  readonly player: RecordedClient;
  readonly recorded: Side;
  readonly live: Side<LiveSession>;
  readonly readRecording: PageParts["readRecording"];
  readonly #parts: PageParts;
  /** The lesson whose recording is open. */
  #opened: Lesson | null = null;
  /** What the followed link changes: drafts until a run has them, and still what was asked for then. */
  #linked: Partial<RunConfig> = {};

  constructor(parts: PageParts) {
    const { store, playback, player, recorded, live, readRecording } = parts;
    this.store = store;
    this.playback = playback;
    this.player = player;
    this.recorded = recorded;
    this.live = live;
    this.readRecording = readRecording;
    this.#parts = parts;
  }

  navigate(view: ViewId): void {
    // Whoever follows the address shows the view; so does the browser's way back.
    location.hash = `#/${view}`;
  }

  showView(view: ViewId, drawing: Drawing | null): void {
    if (drawing) this.live.stores.arena.setState((arena) => want(arena, drawing));
    this.store.setState({ view });
  }

  async show(source: Source): Promise<void> {
    const { source: before, lesson } = this.store.getState();
    if (before === source) return;
    this.store.setState({ source });
    if (source === "live") {
      this.recorded.session.pause();
      return;
    }
    const { config, step: liveStep } = this.live.stores.run.getState();
    const isSameRun = config !== null && diffConfig(config, configOf(lesson)).length === 0;
    const step = isSameRun ? liveStep : 0;
    if (this.#opened !== lesson) await this.#open(lesson, step, this.#parts.mayMove);
    else {
      if (step > 0) this.player.seek(step);
      if (this.#parts.mayMove) this.player.send({ type: "play" });
    }
  }

  async openLesson(lesson: Lesson): Promise<void> {
    this.#linked = {};
    this.live.stores.settings.setState({ draft: {} });
    this.store.setState({ lesson, source: "recorded" });
    this.live.session.plan(this.#planRun());
    await this.#open(lesson, 0, this.#parts.mayMove);
  }

  async listRecordings(): Promise<readonly RecordingEntry[]> {
    const parsed = recordingManifestSchema.safeParse(await this.#parts.fetchManifest());
    if (parsed.success) return parsed.data.runs;
    throw new EngineError("fileCorrupt", "The list of recordings is damaged.", {
      file: "runs/manifest.json",
    });
  }

  playLive(changes: Partial<RunConfig> = {}): void {
    const plan = this.#planRun(changes);
    void this.show("live");
    this.live.session.play(plan);
  }

  async follow({ view, lesson, changes, step, beat, drawing, hidden, problems }: Link): Promise<void> {
    this.store.setState({ lesson, beat, hidden, problems });
    this.showView(view, drawing);
    this.#linked = changes;
    this.live.stores.settings.setState({ draft: changes });
    this.live.session.plan(this.#planRun());
    if (this.store.getState().source === "live") return;
    await this.#open(lesson, step ?? 0, step === null && this.#parts.mayMove);
  }

  #planRun(changes: Partial<RunConfig> = {}): RunPlan {
    const { lesson } = this.store.getState();
    const { draft } = this.live.stores.settings.getState();
    return { preset: lesson.preset, config: { ...configOf(lesson), ...this.#linked, ...draft, ...changes } };
  }

  async #open(lesson: Lesson, step: number, isPlaying: boolean): Promise<void> {
    this.#opened = lesson;
    // Without motion a finished step is shown at once; an empty group would show nothing.
    const from = { step: isPlaying ? step : Math.max(1, step), isPlaying };
    await this.player.open(() => this.readRecording(lesson), from);
    // Nothing came: what another recording left would stand under the wrong name.
    if (this.#opened === lesson && !this.playback.getState().header) clearStores(this.recorded.stores);
  }
}

export const createPage = (parts: PageParts): Page => new LessonPage(parts);
