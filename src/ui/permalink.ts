/**
 * What a link carries besides the view: version, lesson, the settings that differ from the lesson's, the step looked
 * at, the beat of a presentation, the drawing of the arena and what is hidden. Reading never fails: what cannot be used becomes a problem that the page says in a sentence.
 */
import {
  CONFIG_FIELDS,
  type ConfigField,
  type ConfigKey,
  type ConfigValue,
  diffConfig,
  type RunConfig,
} from "../engine/config.ts";
import { ADDRESS_KEYS } from "./address.ts";
import { type Beat, FIRST_BEAT, isBeat } from "./beats.ts";
import { configOf, DEFAULT_LESSON, findLesson, type Lesson } from "./lessons/lessons.ts";
import { HOME, parseHash, type ViewId } from "./routes.ts";
import type { Drawing } from "./stores/arenaStore.ts";

export const LINK_VERSION = 1;

/** Parts of the page that a link can hide, for teachers. */
export const HIDEABLE = ["lesson", "recipe", "advanced", "filmstrip", "curves", "notices", "share"] as const;
export type Hideable = (typeof HIDEABLE)[number];

/** What a link asks for that the page cannot give as asked. */
export type LinkProblem =
  | { readonly kind: "unknownView" | "unknownLesson"; readonly name: string }
  | { readonly kind: "unknownKeys"; readonly names: readonly string[] }
  | { readonly kind: "newer" | "older"; readonly version: string }
  | { readonly kind: "clamped"; readonly label: string; readonly asked: string; readonly used: ConfigValue }
  | { readonly kind: "unreadable"; readonly label: string; readonly asked: string };

export interface Link {
  readonly view: ViewId;
  readonly lesson: Lesson;
  /** Differences to the lesson's configuration. */
  readonly changes: Readonly<Partial<RunConfig>>;
  /** Null follows the run. */
  readonly step: number | null;
  /** Of the presentation. */
  readonly beat: Beat;
  /** Prompt and seed that the arena compares; null where none are named. */
  readonly drawing: Drawing | null;
  readonly hidden: readonly Hideable[];
  readonly problems: readonly LinkProblem[];
}

const OWN_KEYS: readonly string[] = ["v", "lesson", "step", "beat", "hide"];
/** Of the arena's drawing. There `seed` is the drawing's, as long as a prompt is named, and not the run's. */
const DRAWING_KEYS: readonly string[] = ["prompt", "seed"];
const LONGEST_DRAWING = 200;
const LARGEST_STEP = 1_000_000;

const isConfigKey = (key: string): key is ConfigKey => Object.hasOwn(CONFIG_FIELDS, key);

function readSetting(field: ConfigField, asked: string, problems: LinkProblem[]): ConfigValue | null {
  const { label } = field;
  if (field.kind === "choice") {
    if (Object.hasOwn(field.options, asked)) return asked;
    problems.push({ kind: "unreadable", label, asked });
    return null;
  }
  const number = asked.trim() === "" ? Number.NaN : Number(asked);
  if (!Number.isFinite(number)) {
    problems.push({ kind: "unreadable", label, asked });
    return null;
  }
  const clamped = Math.min(field.max, Math.max(field.min, number));
  const used = field.kind === "integer" ? Math.round(clamped) : clamped;
  if (used !== number) problems.push({ kind: "clamped", label, asked, used });
  return used;
}

function readSettings(query: URLSearchParams, problems: LinkProblem[]): Partial<RunConfig> {
  const settings = [...query].flatMap(([key, asked]) => {
    if (!isConfigKey(key)) return [];
    const value = readSetting(CONFIG_FIELDS[key], asked, problems);
    return value === null ? [] : [[key, value] as const];
  });
  return Object.fromEntries(settings);
}

function readVersion(query: URLSearchParams, problems: LinkProblem[]): void {
  const version = query.get("v");
  if (version === null || Number(version) === LINK_VERSION) return;
  problems.push({ kind: Number(version) > LINK_VERSION ? "newer" : "older", version });
}

function readLesson(query: URLSearchParams, problems: LinkProblem[]): Lesson {
  const name = query.get("lesson");
  const lesson = name === null ? DEFAULT_LESSON : findLesson(name);
  if (!lesson) problems.push({ kind: "unknownLesson", name: name ?? "" });
  return lesson ?? DEFAULT_LESSON;
}

function readStep(query: URLSearchParams, problems: LinkProblem[]): number | null {
  const asked = query.get("step");
  if (asked === null) return null;
  const step = asked.trim() === "" ? Number.NaN : Number(asked);
  if (Number.isInteger(step) && step >= 0 && step <= LARGEST_STEP) return step;
  problems.push({ kind: "unreadable", label: "step", asked });
  return null;
}

function readBeat(query: URLSearchParams, problems: LinkProblem[]): Beat {
  const asked = query.get("beat") ?? FIRST_BEAT;
  if (isBeat(asked)) return asked;
  problems.push({ kind: "unreadable", label: "beat", asked });
  return FIRST_BEAT;
}

function readHidden(query: URLSearchParams, problems: LinkProblem[]): Hideable[] {
  const asked = (query.get("hide") ?? "").split(",").filter((name) => name !== "");
  const unknown = asked.filter((name) => !HIDEABLE.some((part) => part === name));
  if (unknown.length > 0)
    problems.push({ kind: "unknownKeys", names: unknown.map((name) => `hide=${name}`) });
  return HIDEABLE.filter((part) => asked.includes(part));
}

/** The drawing that a hash asks the arena for; without a seed it is drawn from 0. */
export function readDrawing(hash: string): Drawing | null {
  const { view, query } = parseHash(hash);
  const prompt = query.get("prompt")?.trim().slice(0, LONGEST_DRAWING) ?? "";
  if (view !== "arena" || prompt === "") return null;
  return { prompt, seed: query.get("seed")?.trim().slice(0, LONGEST_DRAWING) || "0" };
}

/** Whether a hash says more than a view and what it compares. */
export function hasState(hash: string): boolean {
  const compares = readDrawing(hash) !== null;
  const isState = (key: string) =>
    !ADDRESS_KEYS.some((known) => known === key) &&
    !(compares && (key === "v" || DRAWING_KEYS.includes(key)));
  return [...parseHash(hash).query.keys()].some(isState);
}

/** Reads a hash; what it does not name is the default. */
export function readLink(hash: string): Link {
  const { view, name, query } = parseHash(hash);
  const problems: LinkProblem[] = view === null ? [{ kind: "unknownView", name }] : [];
  readVersion(query, problems);
  const drawing = readDrawing(hash);
  if (drawing) for (const key of DRAWING_KEYS) query.delete(key);
  const known = (key: string) =>
    isConfigKey(key) || OWN_KEYS.includes(key) || ADDRESS_KEYS.some((address) => address === key);
  const unknown = [...new Set(query.keys())].filter((key) => !known(key));
  if (unknown.length > 0) problems.push({ kind: "unknownKeys", names: unknown });
  const lesson = readLesson(query, problems);
  const asked = { ...configOf(lesson), ...readSettings(query, problems) };
  const changes = diffConfig(configOf(lesson), asked).map((key) => [key, asked[key]]);
  return {
    view: view ?? HOME,
    lesson,
    changes: Object.fromEntries(changes),
    step: readStep(query, problems),
    beat: readBeat(query, problems),
    drawing,
    hidden: readHidden(query, problems),
    problems,
  };
}

/** Short as a person would write it: "3e-5" rather than "0.00003". */
function writeValue(value: ConfigValue): string {
  if (typeof value === "string") return value;
  const [plain, scientific] = [String(value), value.toExponential().replace("e+", "e")];
  return scientific.length < plain.length ? scientific : plain;
}

/**
 * The hash of a state: only what differs from what the page opens with.
 * @param address options that the present hash carries and that go on with it
 */
export function writeLink(
  { view, lesson, changes, step, beat, drawing, hidden }: Omit<Link, "problems">,
  address: readonly (readonly [string, string])[] = [],
): string {
  const compared = view === "arena" ? drawing : null;
  const settings = Object.entries(changes).filter(([key]) => !compared || !DRAWING_KEYS.includes(key));
  const state: (readonly [string, string])[] = [
    ...(lesson === DEFAULT_LESSON ? [] : [["lesson", lesson.id] as const]),
    ...settings.map(([key, value]) => [key, writeValue(value)] as const),
    ...(step === null ? [] : [["step", String(step)] as const]),
    ...(view === "present" && beat !== FIRST_BEAT ? [["beat", beat] as const] : []),
    ...(compared ? [["prompt", compared.prompt] as const, ["seed", compared.seed] as const] : []),
    ...(hidden.length === 0 ? [] : [["hide", hidden.join(",")] as const]),
  ];
  const version = state.length > 0 ? [["v", String(LINK_VERSION)] as const] : [];
  const pairs = [...version, ...state, ...address];
  // Commas may stand in a query as they are, and read better.
  const query = pairs.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",")}`);
  return query.length > 0 ? `#/${view}?${query.join("&")}` : `#/${view}`;
}

/** The address options in a hash, to be carried on. */
export function addressOptions(hash: string): (readonly [string, string])[] {
  return [...parseHash(hash).query].filter(([key]) => ADDRESS_KEYS.some((known) => known === key));
}
