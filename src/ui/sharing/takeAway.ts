/** Everything a person takes away of what the page shows, made from the stores. Loaded when first asked for. */
import { EngineError } from "../../engine/errors.ts";
import { encodeGif, type GifFrame } from "../../formats/animatedGif.ts";
import { fileStem } from "../../formats/fileName.ts";
import { writeCsv, writeJsonLines } from "../../formats/metricsText.ts";
import { embedText } from "../../formats/pngText.ts";
import { PROGRAM } from "../../formats/program.ts";
import { encodeRgb } from "../../formats/rgbPng.ts";
import { PNG_KEYWORD, type SharedConfig, writeSharedConfig } from "../../formats/sharedConfig.ts";
import { type EventImage, writeEvents } from "../../formats/tensorBoard.ts";
import type { ActionContext } from "../actions/action.ts";
import { linkTo } from "../location.ts";
import { type FilmstripRow, lastDrawnGroup } from "../stores/galleryStore.ts";
import { FIGURE_WORDS } from "../text/figures.ts";
import { BUSY_WORDS } from "../text/sharing.ts";
import { encodeVideo } from "./animation/encodeVideo.ts";
import { type Film, makeFilm } from "./animation/filmFrames.ts";
import { curvesFigure } from "./figures/curvesFigure.ts";
import { type Figure, paintFigure } from "./figures/figure.ts";
import { filmFigure } from "./figures/filmFigure.ts";
import { groupFigure } from "./figures/groupFigure.ts";
import { readPalette } from "./figures/palette.ts";
import { toRows } from "./metricRows.ts";
import type { SavedFile } from "./saveFile.ts";
import { inTurns } from "./turns.ts";

/** A picture; "curve" names one of the plots by its title. */
type Picture =
  | { readonly kind: "curves" | "group" | "filmstrip" }
  | { readonly kind: "curve"; readonly title: string };
type Animation = { readonly kind: "video" | "gif" };
type Numbers = { readonly kind: "csv" | "jsonLines" | "events" };
/** What can be made. */
export type Takeaway = Picture | Animation | Numbers;

type Say = (words: string) => void;

const MS_PER_SECOND = 1000;

/** What the page knows of the run that is shown. @throws EngineError("badInput") before there is one */
function describe({ stores, page }: ActionContext): SharedConfig {
  const { model, target, preset, config, step } = stores.run.getState();
  if (!config) throw new EngineError("badInput", "There is no run yet: start one, or resume a stored one.");
  return {
    modelId: model?.modelId ?? target?.id ?? "model",
    preset,
    config,
    seed: config.seed,
    step,
    program: PROGRAM.version,
    link: linkTo(page),
  };
}

function creditOf({ modelId, preset, seed, step }: SharedConfig): string {
  const facts = [modelId, preset, `seed ${seed}`, FIGURE_WORDS.afterSteps(step), PROGRAM.name];
  return facts.join(" · ");
}

function toBlob(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new EngineError("fileUnwritable", "This browser could not write the picture."));
    }, "image/png");
  });
}

function drawGroup({ stores }: ActionContext): Figure {
  const drawn = lastDrawnGroup(stores.gallery.getState());
  if (drawn) return groupFigure(drawn.step, drawn.group);
  throw new EngineError("badInput", "This group is not drawn yet: save it when its images are there.");
}

function drawFigure(context: ActionContext, wanted: Picture): Figure {
  const { gallery, metrics, settings } = context.stores;
  const { comparison } = context.sharing.store.getState();
  const shown = { metrics: metrics.getState(), comparison, smoothing: settings.getState().smoothing };
  switch (wanted.kind) {
    case "curves":
      return curvesFigure(shown, null);
    case "curve":
      return curvesFigure(shown, wanted.title);
    case "group":
      return drawGroup(context);
    case "filmstrip":
      return filmFigure(gallery.getState().rows);
    default:
      return wanted satisfies never;
  }
}

async function makePicture(context: ActionContext, wanted: Picture): Promise<SavedFile> {
  const shared = describe(context);
  const canvas = paintFigure(drawFigure(context, wanted), creditOf(shared), readPalette());
  const png = new Uint8Array(await (await toBlob(canvas)).arrayBuffer());
  const bytes = embedText(png, PNG_KEYWORD, writeSharedConfig(shared));
  const suffix = wanted.kind === "curve" ? wanted.title.toLowerCase().replaceAll(" ", "-") : wanted.kind;
  return { name: `${fileStem(shared)}-${suffix}.png`, blob: new Blob([bytes], { type: "image/png" }) };
}

function* gifFrames(film: Film, say: Say): Generator<GifFrame, void> {
  for (const [at, { durationMs }] of film.frames.entries()) {
    const { data, width, height } = film.paint(at).getImageData(0, 0, film.width, film.height);
    say(BUSY_WORDS.animation(at + 1, film.frames.length));
    yield { rgba: data, width, height, durationMs };
  }
}

async function makeAnimation(context: ActionContext, kind: Animation["kind"], say: Say): Promise<SavedFile> {
  const shared = describe(context);
  const film = makeFilm(context.stores.gallery.getState().rows, creditOf(shared), readPalette());
  const stem = `${fileStem(shared)}-filmstrip`;
  if (kind === "video") {
    const bytes = await encodeVideo(film, (done) => say(BUSY_WORDS.animation(done, film.frames.length)));
    return { name: `${stem}.webm`, blob: new Blob([bytes], { type: "video/webm" }) };
  }
  const { result } = await inTurns(encodeGif(gifFrames(film, say)));
  return { name: `${stem}.gif`, blob: new Blob([result], { type: "image/gif" }) };
}

function* listDrawings(rows: readonly FilmstripRow[]): Generator<EventImage, void> {
  for (const [at, { prompt, frames }] of rows.entries()) {
    for (const { step, image } of frames) {
      const { width, height } = image;
      yield { step, tag: `filmstrip/${at + 1} ${prompt}`, width, height, png: encodeRgb(image) };
    }
  }
}

async function makeNumbers(context: ActionContext, kind: Numbers["kind"]): Promise<SavedFile> {
  const shared = describe(context);
  const { modelId, preset, seed } = shared;
  const rows = toRows(context.stores.metrics.getState().columns);
  const stem = fileStem(shared);
  if (kind === "csv") {
    const { parts } = await inTurns(writeCsv(rows));
    return { name: `${stem}-metrics.csv`, blob: new Blob(parts, { type: "text/csv" }) };
  }
  if (kind === "jsonLines") {
    const { parts } = await inTurns(writeJsonLines(rows, { modelId, preset, seed }));
    return { name: `${stem}-metrics.jsonl`, blob: new Blob(parts, { type: "application/jsonl" }) };
  }
  const { parts: drawings } = await inTurns(listDrawings(context.stores.gallery.getState().rows));
  const spent = rows.reduce((sum, { values }) => sum + (values.stepSeconds ?? 0), 0);
  // The page does not know when the run began: its steps end now.
  const startSeconds = Date.now() / MS_PER_SECOND - spent;
  const { parts } = await inTurns(writeEvents(rows, drawings, startSeconds));
  // TensorBoard takes a file for a run's when "tfevents" is in its name.
  const name = `events.out.tfevents.${Math.floor(startSeconds)}.${stem}`;
  return { name, blob: new Blob(parts, { type: "application/octet-stream" }) };
}

/**
 * Makes one file.
 * @param say tells how far it is
 * @throws EngineError("badInput") before there is anything to make it of, EngineError("fileUnwritable")
 */
export async function make(context: ActionContext, wanted: Takeaway, say: Say): Promise<SavedFile> {
  switch (wanted.kind) {
    case "curves":
    case "curve":
    case "group":
    case "filmstrip":
      return await makePicture(context, wanted);
    case "video":
    case "gif":
      return await makeAnimation(context, wanted.kind, say);
    case "csv":
    case "jsonLines":
    case "events":
      say(BUSY_WORDS.numbers);
      return await makeNumbers(context, wanted.kind);
    default:
      return wanted satisfies never;
  }
}
