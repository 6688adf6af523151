/**
 * GenEval's sentences: metadata records, prompts and gold answers. Prompts and answers are pure functions of the
 * metadata, so a record is all that has to be stored.
 *
 * Source: djghosh13/geneval af4902f2 (prompts/create_prompts.py) for the record and the prompt templates;
 * showlab/UniRL validation_prompts for the answer shapes. Differs: plurals are correct English.
 */
import { EngineError } from "../errors.ts";
import { pluralOf } from "./classes.ts";

export const TAGS = ["single_object", "two_object", "counting", "colors", "position", "color_attr"] as const;
export type Tag = (typeof TAGS)[number];

export const RELATIONS = ["left of", "right of", "above", "below"] as const;
export type Relation = (typeof RELATIONS)[number];

/** One thing the image must contain. `position`: [relation, index of the other entry in `include`]. */
export interface IncludeClause {
  readonly class: string;
  readonly count: number;
  readonly color?: string;
  readonly position?: readonly [Relation, number];
}

/** A GenEval metadata record. In position records include[0] is the prompt's second noun. */
export interface Metadata {
  readonly tag: Tag;
  readonly include: readonly IncludeClause[];
  readonly exclude?: readonly { readonly class: string; readonly count: number }[];
  readonly prompt: string;
}

/** Number words by value; scenes hold one to four objects. */
export const NUMBER_WORDS = ["zero", "one", "two", "three", "four"] as const;

/** "a" or "an", by GenEval's rule: the first letter of the next word. */
export function articleFor(phrase: string): "a" | "an" {
  return /^[aeiou]/.test(phrase) ? "an" : "a";
}

/** The phrase with its article: "an apple". */
export function withArticle(phrase: string): string {
  return `${articleFor(phrase)} ${phrase}`;
}

/** "one dog", "three apples". */
export function countPhrase(count: number, name: string): string {
  const word = NUMBER_WORDS[count] ?? String(count);
  return `${word} ${count === 1 ? name : pluralOf(name)}`;
}

/** The relation seen from the other object. */
export function inverseOf(relation: Relation): Relation {
  const inverses = { "left of": "right of", "right of": "left of", above: "below", below: "above" } as const;
  return inverses[relation];
}

function clauseAt(metadata: Pick<Metadata, "include" | "tag">, index: number): IncludeClause {
  const clause = metadata.include[index];
  if (!clause) {
    throw new EngineError("badInput", `A ${metadata.tag} record needs ${index + 1} entries in include.`, {
      tag: metadata.tag,
    });
  }
  return clause;
}

export const singleObject = (name: string): Metadata => ({
  tag: "single_object",
  include: [{ class: name, count: 1 }],
  prompt: `a photo of ${withArticle(name)}`,
});

export const twoObjects = (first: string, second: string): Metadata => ({
  tag: "two_object",
  include: [
    { class: first, count: 1 },
    { class: second, count: 1 },
  ],
  prompt: `a photo of ${withArticle(first)} and ${withArticle(second)}`,
});

export const counting = (name: string, count: number): Metadata => ({
  tag: "counting",
  include: [{ class: name, count }],
  exclude: [{ class: name, count: count + 1 }],
  prompt: `a photo of ${countPhrase(count, name)}`,
});

export const colouredObject = (name: string, color: string): Metadata => ({
  tag: "colors",
  include: [{ class: name, count: 1, color }],
  prompt: `a photo of ${withArticle(`${color} ${name}`)}`,
});

/** "a photo of a {subject} {relation} a {reference}". */
export const positioned = (subject: string, relation: Relation, reference: string): Metadata => ({
  tag: "position",
  include: [
    { class: reference, count: 1 },
    { class: subject, count: 1, position: [relation, 0] },
  ],
  prompt: `a photo of ${withArticle(subject)} ${relation} ${withArticle(reference)}`,
});

export const colouredObjects = (
  first: string,
  firstColour: string,
  second: string,
  secondColour: string,
): Metadata => ({
  tag: "color_attr",
  include: [
    { class: first, count: 1, color: firstColour },
    { class: second, count: 1, color: secondColour },
  ],
  prompt: `a photo of ${withArticle(`${firstColour} ${first}`)} and ${withArticle(`${secondColour} ${second}`)}`,
});

/**
 * The gold answer to the tag's template question, in the shape of UniRL's released file ("There is a apple and a
 * tv": the article there is always "a").
 * @throws EngineError("badInput") when the record lacks an entry its tag needs
 */
export function answerOf(metadata: Pick<Metadata, "tag" | "include">): string {
  const first = clauseAt(metadata, 0);
  switch (metadata.tag) {
    case "single_object":
      return first.class;
    case "two_object":
      return `There is a ${first.class} and a ${clauseAt(metadata, 1).class}`;
    case "counting":
      return countPhrase(first.count, first.class);
    case "colors":
      return first.color ?? "";
    case "position": {
      const subject = clauseAt(metadata, 1);
      return `The ${subject.class} is ${subject.position?.[0] ?? ""} the ${first.class}`;
    }
    case "color_attr": {
      const second = clauseAt(metadata, 1);
      return `The ${first.class} is ${first.color ?? ""} and the ${second.class} is ${second.color ?? ""}`;
    }
    default:
      throw new EngineError("badInput", `Unknown tag ${String(metadata.tag satisfies never)}.`);
  }
}
