/**
 * Questions about a scene. Every tag has UniRL's template question, paraphrases and a multiple-choice form; all of
 * them share the gold answer of the tag, so one matcher scores them all. Yes/no questions have answers of their own.
 *
 * Source of the six template questions: showlab/UniRL validation_prompts/evaluation_metadata_qa.jsonl, word for word.
 */
import { EngineError } from "../errors.ts";
import type { Rng } from "../rng.ts";
import {
  answerOf,
  countPhrase,
  type IncludeClause,
  inverseOf,
  type Metadata,
  RELATIONS,
  type Tag,
  withArticle,
} from "./sentences.ts";
import type { WorldSpec } from "./worldSpec.ts";

export interface QuestionAnswer {
  readonly question: string;
  readonly answer: string;
}

export const QUESTION_FORMS = ["template", "paraphrase", "choice", "yesNo"] as const;
export type QuestionForm = (typeof QUESTION_FORMS)[number];

/** UniRL's question of each tag. */
export const TEMPLATE_QUESTIONS: Readonly<Record<Tag, string>> = {
  single_object: "What is the main item in this image?",
  two_object: "What are two items in this image?",
  counting: "How many items in this image?",
  colors: "What is the color of the object?",
  position:
    "What are two objects and What is position relationship between two main items? Use one sentence.",
  color_attr: "What are two objects and the colors of two objects in the image? Use one sentence",
};

/** Other wordings with the same gold answer. */
export const PARAPHRASES: Readonly<Record<Tag, readonly string[]>> = {
  single_object: ["Which object is shown in the picture?", "Name the main object.", "What do you see?"],
  two_object: ["Which two objects are shown in the picture?", "Name the two objects."],
  counting: [
    "How many objects are there and what are they?",
    "Count the objects in the picture.",
    "What is the number of items?",
  ],
  colors: ["Which color does the object have?", "Name the color of the item.", "What color is it?"],
  position: [
    "Where is one object relative to the other?",
    "Describe the position of the two objects.",
    "How are the two objects arranged?",
  ],
  color_attr: [
    "Which color does each object have?",
    "Name the two objects and their colors.",
    "Describe the colors of the two objects.",
  ],
};

const ALTERNATIVES = 3;

function pickOthers(list: readonly string[], not: readonly string[], count: number, rng: Rng): string[] {
  const others = list.filter((item) => !not.includes(item));
  return rng.shuffle(others).slice(0, count);
}

function listOptions(options: readonly string[]): string {
  const last = options[options.length - 1] ?? "";
  if (options.length < 2) return last;
  return `${options.slice(0, -1).join(", ")} or ${last}`;
}

function required(metadata: Metadata, index: number): IncludeClause {
  const clause = metadata.include[index];
  if (!clause) throw new EngineError("badInput", `A ${metadata.tag} record needs ${index + 1} entries.`);
  return clause;
}

/** A few members of a list that contain the right one, shuffled, without building the whole shuffled list. */
function optionsAround(right: string, list: readonly string[], rng: Rng): string[] {
  return rng.shuffle([right, ...pickOthers(list, [right], ALTERNATIVES - 1, rng)]);
}

/** "Is it a dog, a cat or a car?": names the options; the answer stays the tag's gold answer. */
function choiceQuestion(spec: WorldSpec, metadata: Metadata, rng: Rng): string {
  const first = required(metadata, 0);
  switch (metadata.tag) {
    case "single_object":
      return `Is it ${listOptions(optionsAround(first.class, spec.classes, rng).map(withArticle))}?`;
    case "counting": {
      const counts = rng.shuffle([2, 3, 4]).map((count) => countPhrase(count, first.class));
      return `Are there ${listOptions(counts)}?`;
    }
    case "colors":
      return `Is the color ${listOptions(optionsAround(first.color ?? "", spec.colours, rng))}?`;
    case "two_object": {
      const second = required(metadata, 1);
      const [other = first.class] = pickOthers(spec.classes, [first.class, second.class], 1, rng);
      const pairs = [
        [first.class, second.class],
        rng.int(2) === 0 ? [first.class, other] : [other, second.class],
      ];
      const phrases = rng.shuffle(pairs).map((pair) => pair.map(withArticle).join(" and "));
      return `Is there ${listOptions(phrases)}?`;
    }
    case "position": {
      const subject = required(metadata, 1);
      return `Is the ${subject.class} ${listOptions(rng.shuffle(RELATIONS))} the ${first.class}?`;
    }
    case "color_attr": {
      const second = required(metadata, 1);
      const colours = rng.shuffle([first.color ?? "", second.color ?? ""]);
      return `Which is ${colours[0]} and which is ${colours[1]}, the ${first.class} or the ${second.class}?`;
    }
    default:
      throw new EngineError("badInput", `Unknown tag ${String(metadata.tag satisfies never)}.`);
  }
}

/** A question answered by yes or no, each half of the time. */
function yesNoQuestion(spec: WorldSpec, metadata: Metadata, rng: Rng): QuestionAnswer {
  const isYes = rng.int(2) === 0;
  const answer = isYes ? "yes" : "no";
  const clause = rng.pick(metadata.include);
  if (metadata.tag === "position") {
    const [reference, subject] = [required(metadata, 0), required(metadata, 1)];
    const relation = subject.position?.[0] ?? "left of";
    const asked = isYes ? relation : inverseOf(relation);
    return { question: `Is the ${subject.class} ${asked} the ${reference.class}?`, answer };
  }
  if (clause.color !== undefined) {
    const asked = isYes
      ? clause.color
      : (pickOthers(spec.colours, [clause.color], 1, rng)[0] ?? clause.color);
    return { question: `Is the ${clause.class} ${asked}?`, answer };
  }
  const present = metadata.include.map((entry) => entry.class);
  const asked = isYes ? clause.class : (pickOthers(spec.classes, present, 1, rng)[0] ?? clause.class);
  return { question: `Is there ${withArticle(asked)} in this image?`, answer };
}

/**
 * One question of the wanted form about a scene described by `metadata`, with its gold answer.
 * @param rng draws the wording and the wrong options
 */
export function askQuestion(
  spec: WorldSpec,
  metadata: Metadata,
  form: QuestionForm,
  rng: Rng,
): QuestionAnswer {
  switch (form) {
    case "template":
      return { question: TEMPLATE_QUESTIONS[metadata.tag], answer: answerOf(metadata) };
    case "paraphrase":
      return { question: rng.pick(PARAPHRASES[metadata.tag]), answer: answerOf(metadata) };
    case "choice":
      return { question: choiceQuestion(spec, metadata, rng), answer: answerOf(metadata) };
    case "yesNo":
      return yesNoQuestion(spec, metadata, rng);
    default:
      throw new EngineError("badInput", `Unknown question form ${String(form satisfies never)}.`);
  }
}
