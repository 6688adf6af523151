/** One open run in the worker: its configuration, what it leaves behind, and its place in storage. */
import {
  CONFIG_FIELDS,
  type ConfigKey,
  type ConfigValue,
  describeRange,
  isInRange,
  type RunConfig,
  runConfigSchema,
} from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import type { EventOf } from "../protocol/events.ts";
import type { ReleaseRun } from "../storage/runLock.ts";
import type { FilmFrame, StoredRun } from "../storage/runRecord.ts";
import type { EngineRun, RunOrder } from "./ports.ts";

/** Columns of the filmstrip that are kept; beyond, every second older one goes. 64 · 2 · 12 kB is about 1.5 MB. */
const MAX_FILM_COLUMNS = 64;

export interface OpenedRun {
  readonly runId: string;
  readonly modelId: string;
  readonly preset: string;
  readonly createdAtMs: number;
  readonly engine: EngineRun;
  readonly release: ReleaseRun;
  config: RunConfig;
  history: Record<string, number>[];
  changes: { step: number; keys: string[] }[];
  filmstrip: FilmFrame[];
  /** Whether something happened since the last save. */
  isDirty: boolean;
  /** Whether storage holds a checkpoint of this run. */
  isSaved: boolean;
}

/** What a run is, before and after it is open. */
export type RunIdentity = Pick<OpenedRun, "runId" | "modelId" | "preset" | "createdAtMs" | "config">;

/**
 * Opens the engine's side of a run, fresh or as it was stored.
 * @param begin the engine's `openRun`, given where to read the configuration
 * @throws what `begin` throws
 */
export async function openRun(
  identity: RunIdentity,
  stored: StoredRun | null,
  release: ReleaseRun,
  begin: (order: Pick<RunOrder, "config" | "checkpoint">) => Promise<EngineRun>,
): Promise<OpenedRun> {
  let config = identity.config;
  const engine = await begin({ config: () => config, checkpoint: stored?.bytes ?? null });
  return {
    ...identity,
    get config() {
      return config;
    },
    set config(changed) {
      config = changed;
    },
    engine,
    release,
    history: [...(stored?.record.history ?? [])],
    changes: [...(stored?.record.changes ?? [])],
    filmstrip: [...(stored?.filmstrip ?? [])],
    isDirty: false,
    isSaved: stored !== null,
  };
}

/** The run as it goes to storage. */
export async function packRun(run: OpenedRun, savedAtMs: number): Promise<StoredRun> {
  const { runId, modelId, preset, createdAtMs, config, history, changes, filmstrip, engine } = run;
  const step = engine.finishedSteps();
  const bytes = await engine.encode();
  return {
    record: { runId, modelId, title: null, preset, createdAtMs, savedAtMs, config, step, history, changes },
    filmstrip,
    bytes,
  };
}

/** The event that shows a run from its beginning or from where it was saved. */
export function describeRun(run: OpenedRun): EventOf<"runStarted"> {
  return {
    type: "runStarted",
    runId: run.runId,
    preset: run.preset,
    config: run.config,
    step: run.engine.finishedSteps(),
    // Copies: whoever hears this in the same thread must not see the run go on.
    history: [...run.history],
    changes: [...run.changes],
    filmstrip: run.filmstrip.map((frame) => ({ ...frame })),
  };
}

/**
 * The configuration with changes applied, all or none.
 * @throws EngineError("badConfig") for unknown fields, fields that need a new run, and values out of range
 */
function applyChanges(config: RunConfig, changes: Readonly<Record<string, ConfigValue>>): RunConfig {
  for (const key of Object.keys(changes)) {
    const field = Object.hasOwn(CONFIG_FIELDS, key) ? CONFIG_FIELDS[key as ConfigKey] : null;
    if (!field) throw new EngineError("badConfig", `There is no setting called "${key}".`, { key });
    if (field.applies === "newRun") {
      throw new EngineError(
        "badConfig",
        `"${field.label}" cannot change while a run is open: start a new run with it.`,
        { key },
      );
    }
    const value = changes[key] ?? Number.NaN;
    if (!isInRange(field, value)) {
      throw new EngineError(
        "badConfig",
        `"${field.label}" must be ${describeRange(field)}; ${value} was asked for.`,
        { key, value },
      );
    }
  }
  const parsed = runConfigSchema.safeParse({ ...config, ...changes });
  if (parsed.success) return parsed.data;
  throw new EngineError("badConfig", `The settings were refused: ${parsed.error.issues[0]?.message ?? ""}`);
}

/**
 * Changes the configuration of a run.
 * @returns the event that says so
 * @throws EngineError("badConfig") with nothing changed
 */
export function changeRun(
  run: OpenedRun,
  changes: Readonly<Record<string, ConfigValue>>,
): EventOf<"configChanged"> {
  const keys = Object.keys(changes);
  run.config = applyChanges(run.config, changes);
  const step = run.engine.finishedSteps();
  run.changes.push({ step, keys });
  run.isDirty = true;
  return { type: "configChanged", step, keys, config: run.config };
}

/** Adds drawings and thins old columns out; the first and the newest always stay. */
export function addFilm(strip: readonly FilmFrame[], drawn: readonly FilmFrame[]): FilmFrame[] {
  const all = [...strip, ...drawn];
  const steps = [...new Set(all.map((frame) => frame.step))];
  if (steps.length <= MAX_FILM_COLUMNS) return all;
  const kept = new Set(steps.filter((_, at) => at % 2 === 0 || at === steps.length - 1));
  return all.filter((frame) => kept.has(frame.step));
}
