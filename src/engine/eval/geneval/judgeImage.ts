/**
 * GenEval's verdict on one image. The detector is not here: only what follows from its detections.
 *
 * Source: Ghosh, Hajishirzi, Schmidt, "GenEval" (arXiv 2310.11513); djghosh13/geneval af4902f2,
 * evaluation/evaluate_images.py `evaluate`. Differs: reasons are structured, and in other words.
 */
import { EngineError } from "../../errors.ts";
import type { IncludeClause, Metadata } from "../../world/sentences.ts";
import { confidentObjects } from "./confidentObjects.ts";
import type { Detection, Detections } from "./detections.ts";
import { relationsBetween } from "./relationsBetween.ts";

/** Why a clause failed; a failed clause has exactly one reason. */
export interface Reason {
  readonly kind: "tooFew" | "colour" | "noTarget" | "position" | "tooMany";
  /** The class whose clause failed. */
  readonly class: string;
  /** A sentence for a person. */
  readonly text: string;
}

export interface Verdict {
  /** Whether no clause failed. */
  readonly correct: boolean;
  /** One per failed clause: those of `include` in order, then those of `exclude`. */
  readonly reasons: readonly Reason[];
}

/** The objects that met an earlier clause, or null where it failed. */
type Group = readonly Detection[] | null;

function colourOf({ color }: Detection, { class: name, color: wanted }: IncludeClause): string {
  if (color !== undefined) return color;
  throw new EngineError(
    "badInput",
    `a ${name} has no "color", but the prompt asks for ${wanted}. Give every ${name} its colour.`,
    { class: name },
  );
}

function checkColour(clause: IncludeClause, found: readonly Detection[]): Reason | null {
  const colours = found.map((object) => colourOf(object, clause));
  if (colours.filter((colour) => colour === clause.color).length >= clause.count) return null;
  const { class: name, count, color } = clause;
  return {
    kind: "colour",
    class: name,
    text: `asked for ${count} ${color} ${name}, the most confident is ${colours.join(", ")}`,
  };
}

/** Every found object must stand in the relation to every object of the target; the first miss is the reason. */
function checkPosition(
  { class: name, position }: IncludeClause,
  found: readonly Detection[],
  groups: readonly Group[],
): Reason | null {
  if (!position) return null;
  const [relation, targetIndex] = position;
  const target = groups[targetIndex];
  if (!target) {
    return { kind: "noTarget", class: name, text: `nothing valid is there for ${name} to be ${relation}` };
  }
  for (const object of found) {
    for (const other of target) {
      const relations = relationsBetween(object.box, other.box);
      if (relations.includes(relation)) continue;
      const actual = relations.length > 0 ? relations.join(" and ") : "in no clear relation";
      return {
        kind: "position",
        class: name,
        text: `asked for ${name} ${relation} the other, it is ${actual}`,
      };
    }
  }
  return null;
}

/** One entry of `include`: enough of them, then their colour, then their position; the first failure is the reason. */
function checkInclude(
  clause: IncludeClause,
  confident: readonly Detection[],
  groups: readonly Group[],
): { readonly reason: Reason } | { readonly found: readonly Detection[] } {
  const { class: name, count } = clause;
  const found = confident.slice(0, count);
  if (found.length < count) {
    const text = `asked for ${count} ${name}, found ${found.length}`;
    return { reason: { kind: "tooFew", class: name, text } };
  }
  const colourReason = clause.color === undefined ? null : checkColour(clause, found);
  const reason = colourReason ?? checkPosition(clause, found, groups);
  return reason ? { reason } : { found };
}

/**
 * Judges one image. Colour and position look at the `count` most confident objects of a class only; further ones, and
 * classes the prompt does not name, do no harm unless `exclude` says so.
 * @param metadata whose positions point to earlier entries of `include`, as `parseMetadata` ensures
 * @throws EngineError("badInput") when an object whose colour matters has none
 */
export function judgeImage(metadata: Metadata, detections: Detections): Verdict {
  const reasons: Reason[] = [];
  const groups: Group[] = [];
  for (const clause of metadata.include) {
    const confident = confidentObjects(detections, clause.class, metadata.tag);
    const outcome = checkInclude(clause, confident, groups);
    if ("reason" in outcome) reasons.push(outcome.reason);
    groups.push("found" in outcome ? outcome.found : null);
  }
  for (const { class: name, count } of metadata.exclude ?? []) {
    const found = confidentObjects(detections, name, metadata.tag).length;
    if (found < count) continue;
    const text = `asked for fewer than ${count} ${name}, found ${found}`;
    reasons.push({ kind: "tooMany", class: name, text });
  }
  return { correct: reasons.length === 0, reasons };
}
