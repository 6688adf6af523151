/** Uniform draws of metadata records, blind to any split. */
import type { Rng } from "../rng.ts";
import {
  colouredObject,
  colouredObjects,
  counting,
  type Metadata,
  positioned,
  RELATIONS,
  singleObject,
  type Tag,
  twoObjects,
} from "./sentences.ts";
import type { WorldSpec } from "./worldSpec.ts";

/** Two different members, uniform over ordered pairs. */
function pickTwo(list: readonly string[], rng: Rng): [string, string] {
  const first = rng.int(list.length);
  const second = (first + 1 + rng.int(list.length - 1)) % list.length;
  return [list[first] ?? "", list[second] ?? ""];
}

/** A record of the tag, uniform over the world's texts of that tag. Draws from `rng`. */
export function drawMetadata(spec: WorldSpec, tag: Tag, rng: Rng): Metadata {
  switch (tag) {
    case "single_object":
      return singleObject(rng.pick(spec.classes));
    case "counting":
      return counting(rng.pick(spec.classes), 2 + rng.int(3));
    case "colors":
      return colouredObject(rng.pick(spec.classes), rng.pick(spec.colours));
    default: {
      const [first, second] = pickTwo(spec.classes, rng);
      if (tag === "two_object") return twoObjects(first, second);
      if (tag === "position") return positioned(first, rng.pick(RELATIONS), second);
      const [firstColour, secondColour] = pickTwo(spec.colours, rng);
      return colouredObjects(first, firstColour, second, secondColour);
    }
  }
}
