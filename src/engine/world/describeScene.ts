/** What else a scene shows: records of other tags that are true of it, and the question set of one scene line. */
import type { Rng } from "../rng.ts";
import { askQuestion, type QuestionAnswer } from "./questions.ts";
import type { Scene } from "./scenes.ts";
import {
  colouredObject,
  colouredObjects,
  type Metadata,
  positioned,
  singleObject,
  twoObjects,
} from "./sentences.ts";
import type { Splits } from "./splits.ts";
import type { WorldSpec } from "./worldSpec.ts";

/**
 * Records of other tags that the scene satisfies (not `metadata` itself). Two objects are named in reading order;
 * a scene of several equal objects has only its class as another description.
 */
export function describeScene(metadata: Metadata, scene: Scene): Metadata[] {
  const [a, b] = scene.objects;
  if (!a) return [];
  if (scene.objects.length === 1 || !b) {
    const described = [singleObject(a.class)];
    if (a.colour !== null) described.push(colouredObject(a.class, a.colour));
    return described.filter((record) => record.tag !== metadata.tag);
  }
  if (metadata.tag === "counting") return [singleObject(a.class)];
  const isSideBySide = Math.abs(a.x - b.x) > Math.abs(a.y - b.y);
  const isAFirst = isSideBySide ? a.x < b.x : a.y < b.y;
  const [first, second] = isAFirst ? [a, b] : [b, a];
  const described = [
    twoObjects(first.class, second.class),
    positioned(first.class, isSideBySide ? "left of" : "above", second.class),
  ];
  if (first.colour !== null && second.colour !== null && first.colour !== second.colour) {
    described.push(colouredObjects(first.class, first.colour, second.class, second.colour));
  }
  return described.filter((record) => record.tag !== metadata.tag);
}

/**
 * Two to four question–answer pairs: the tag's template question, another form of it, and questions of other tags
 * that the scene answers, as long as training may see them.
 * @param splits null: every question is allowed
 */
export function askAboutScene(
  spec: WorldSpec,
  metadata: Metadata,
  scene: Scene,
  splits: Splits | null,
  rng: Rng,
): QuestionAnswer[] {
  const asked = [
    askQuestion(spec, metadata, "template", rng),
    askQuestion(spec, metadata, rng.pick(["paraphrase", "choice", "yesNo"] as const), rng),
  ];
  const others = describeScene(metadata, scene).filter((record) => !splits?.isHeldOut(record));
  for (const record of rng.shuffle(others).slice(0, 2)) {
    asked.push(
      askQuestion(
        spec,
        record,
        rng.pick(["template", "template", "paraphrase", "choice", "yesNo"] as const),
        rng,
      ),
    );
  }
  return asked;
}
