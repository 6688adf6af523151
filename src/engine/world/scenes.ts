/**
 * Scenes that show what a record says: which objects, where, how large and in which colour, so that the official
 * GenEval position rule decides clearly. Objects snap to the token grid. In two-object and colour-attribution scenes
 * the prompt's first noun comes first in reading order, so that its answer can be told from the picture.
 */
import { EngineError } from "../errors.ts";
import type { Rng } from "../rng.ts";
import { type Metadata, RELATIONS, type Relation } from "./sentences.ts";
import { GRID, type WorldSpec } from "./worldSpec.ts";

export interface SceneObject {
  readonly class: string;
  /** Null: the icon's natural colours. */
  readonly colour: string | null;
  /** Sprite side in pixels. */
  readonly size: number;
  /** Left edge in pixels. */
  readonly x: number;
  /** Top edge in pixels; y grows downward. */
  readonly y: number;
}

export interface Scene {
  /** Index into the world's backgrounds. */
  readonly background: number;
  /** In painting order. */
  readonly objects: readonly SceneObject[];
}

/** Decides whether an object may wear a colour that no caption mentions. */
export type AllowsColour = (name: string, colour: string) => boolean;

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** Grid steps from 0 up to and including `last`. */
function drawStep(last: number, rng: Rng): number {
  return GRID * rng.int(Math.floor(last / GRID) + 1);
}

function placeSingle(spec: WorldSpec, rng: Rng): Corner {
  const last = spec.side - spec.sizes[1];
  return { x: drawStep(last, rng), y: drawStep(last, rng) };
}

/** Distinct quadrants, offset on the grid inside each, in reading order. */
function placeInQuadrants(spec: WorldSpec, count: number, rng: Rng): Corner[] {
  const half = spec.side / 2;
  const last = half - spec.sizes[0];
  const quadrants = rng.shuffle([0, 1, 2, 3]).slice(0, count).sort();
  return quadrants.map((quadrant) => ({
    x: half * (quadrant % 2) + drawStep(last, rng),
    y: half * Math.floor(quadrant / 2) + drawStep(last, rng),
  }));
}

/** Corners of [subject, reference] so that subject `relation` reference holds by the official rule. */
function placeRelation(spec: WorldSpec, relation: Relation, rng: Rng): [Corner, Corner] {
  const half = spec.side / 2;
  const slack = half - spec.sizes[0];
  const near = drawStep(slack, rng);
  const far = half + drawStep(slack, rng);
  const lastAcross = spec.side - spec.sizes[0];
  const across = drawStep(lastAcross, rng);
  const shifted = across + GRID * (rng.int(3) - 1);
  const otherAcross = Math.min(lastAcross, Math.max(0, shifted));
  const isSubjectNear = relation === "left of" || relation === "above";
  const [along, otherAlong] = isSubjectNear ? [near, far] : [far, near];
  return relation === "left of" || relation === "right of"
    ? [
        { x: along, y: across },
        { x: otherAlong, y: otherAcross },
      ]
    : [
        { x: across, y: along },
        { x: otherAcross, y: otherAlong },
      ];
}

function placeObjects(spec: WorldSpec, metadata: Metadata, rng: Rng): Corner[] {
  const count = metadata.include[0]?.count ?? 0;
  switch (metadata.tag) {
    case "single_object":
    case "colors":
      return [placeSingle(spec, rng)];
    case "counting":
      return placeInQuadrants(spec, count, rng);
    case "two_object":
    case "color_attr":
      return placeRelation(spec, rng.int(2) === 0 ? "left of" : "above", rng);
    case "position": {
      const relation = metadata.include[1]?.position?.[0] ?? RELATIONS[0];
      const [subject, reference] = placeRelation(spec, relation, rng);
      return [reference, subject];
    }
    default:
      throw new EngineError("badInput", `Unknown tag ${String(metadata.tag satisfies never)}.`);
  }
}

/** Tags whose captions name no colour; half of their scenes wear random ones, which teaches seeing colour. */
const MAY_WEAR_COLOURS: ReadonlySet<string> = new Set(["two_object", "position", "counting"]);

function drawUnmentionedColour(spec: WorldSpec, name: string, allows: AllowsColour, rng: Rng): string | null {
  const colour = rng.pick(spec.colours);
  return allows(name, colour) ? colour : null;
}

/**
 * Draws a scene that shows a record.
 * @param allowsColour which class–colour pairs may appear unmentioned; all by default
 * @throws EngineError("badInput") for a record with no entries or more than four objects
 */
export function sampleScene(
  spec: WorldSpec,
  metadata: Metadata,
  rng: Rng,
  allowsColour: AllowsColour = () => true,
): Scene {
  const names = metadata.include.flatMap((clause) => new Array<string>(clause.count).fill(clause.class));
  if (names.length === 0 || names.length > 4) {
    throw new EngineError("badInput", `A scene holds one to four objects, not ${names.length}.`, {
      objects: names.length,
    });
  }
  const background = rng.int(spec.backgrounds.length);
  const corners = placeObjects(spec, metadata, rng);
  const size = names.length === 1 ? spec.sizes[1] : spec.sizes[0];
  const wearsColours = MAY_WEAR_COLOURS.has(metadata.tag) && rng.int(2) === 0;
  const objects = corners.map((corner, index) => {
    const clause = metadata.include[metadata.tag === "counting" ? 0 : index];
    const name = names[index] ?? "";
    const unmentioned = wearsColours ? drawUnmentionedColour(spec, name, allowsColour, rng) : null;
    return { class: name, colour: clause?.color ?? unmentioned, size, ...corner };
  });
  return { background, objects };
}
