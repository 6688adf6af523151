/** Where one box lies as seen from another. */
import type { Relation } from "../../world/sentences.ts";
import type { Box } from "./detections.ts";

/** This share of both extents is taken off the distance of the centres before it counts. */
const SLACK = 0.1;
/** A shrunk distance below this many pixels on both axes is none. */
const MIN_DISTANCE = 1e-3;
/** A direction holds beyond this share of the distance; two directions may hold at once. */
const MIN_SHARE = 0.5;

/** Distance of centres along one axis, and the same shrunk by the extents (never past 0). Pixels. */
function measureAxis(aLow: number, aHigh: number, bLow: number, bHigh: number) {
  const distance = (aLow + aHigh) / 2 - (bLow + bHigh) / 2;
  const slack = SLACK * (aHigh - aLow + (bHigh - bLow));
  return { distance, shrunk: Math.max(Math.abs(distance) - slack, 0) * Math.sign(distance) };
}

/**
 * Direction from B to A, [dx, dy], each within −1 to 1 and y growing downward: the shrunk offset of the centres over
 * the length of the *unshrunk* one; [0, 0] where next to nothing is left of it.
 *
 * Source: djghosh13/geneval af4902f2, evaluation/evaluate_images.py `relative_position`.
 */
export function directionFrom(b: Box, a: Box): readonly [dx: number, dy: number] {
  const x = measureAxis(a[0], a[2], b[0], b[2]);
  const y = measureAxis(a[1], a[3], b[1], b[3]);
  if (Math.abs(x.shrunk) < MIN_DISTANCE && Math.abs(y.shrunk) < MIN_DISTANCE) return [0, 0];
  const length = Math.sqrt(x.distance ** 2 + y.distance ** 2);
  return [x.shrunk / length, y.shrunk / length];
}

/** The relations in which A stands to B: none, one, or one per axis. */
export function relationsBetween(a: Box, b: Box): Relation[] {
  const [dx, dy] = directionFrom(b, a);
  const relations: Relation[] = [];
  if (dx < -MIN_SHARE) relations.push("left of");
  if (dx > MIN_SHARE) relations.push("right of");
  if (dy < -MIN_SHARE) relations.push("above");
  if (dy > MIN_SHARE) relations.push("below");
  return relations;
}
