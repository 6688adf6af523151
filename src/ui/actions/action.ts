/** What a person can do: one object an action, read by the transport bar, the shortcuts and the help overlay. */
import type { Page, Side } from "../page.ts";
import type { ViewId } from "../routes.ts";
import type { Sharing } from "../sharing/sharing.ts";
import type { Source } from "../stores/pageStore.ts";
import type { RunView } from "../stores/runStore.ts";

/** The page, and the side of it that is shown. */
export interface ActionContext extends Side {
  readonly page: Page;
  readonly source: Source;
  readonly sharing: Sharing;
}

export interface Action {
  readonly id: string;
  /** Words on the button, which may follow the state. */
  readonly label: (context: ActionContext) => string;
  /** A sentence for the help overlay. */
  readonly help: string;
  /** `KeyboardEvent.key` values; arrows may ask for the shift key: "Shift+ArrowLeft". */
  readonly keys: readonly string[];
  /** Whether a key held down runs it again and again. */
  readonly isRepeated?: boolean;
  /** The only view in which its keys work; there they mean this before anything else. */
  readonly view?: ViewId;
  readonly isEnabled: (context: ActionContext) => boolean;
  readonly run: (context: ActionContext) => void;
}

/** A run exists, its worker lives and nothing is being worked on. */
export const isResting = (run: RunView): boolean => run.runId !== null && run.state === "paused";
/** A run exists and its worker lives. */
export const isAlive = (run: RunView): boolean =>
  run.runId !== null && (run.state === "paused" || run.state === "running" || run.state === "pausing");
/** At least one step is finished, so that there are numbers. */
export const hasSteps = ({ stores }: ActionContext): boolean => stores.metrics.getState().columns.length > 0;
/** The fixed prompts were drawn at least once. */
export const hasFilm = ({ stores }: ActionContext): boolean => stores.gallery.getState().rows.length > 0;
