/** The record behind a prompt's text: what `sentences.ts` writes, read back. */
import { pluralOf } from "./classes.ts";
import {
  colouredObject,
  colouredObjects,
  counting,
  type Metadata,
  NUMBER_WORDS,
  positioned,
  RELATIONS,
  singleObject,
  twoObjects,
} from "./sentences.ts";
import type { WorldSpec } from "./worldSpec.ts";

/** "a red apple" → apple, red. */
interface Noun {
  readonly name: string;
  readonly colour: string | null;
}

/** @returns null when the world has no such thing */
function readNoun(phrase: string, { classes, colours }: WorldSpec): Noun | null {
  const words = phrase.replace(/^an? /, "");
  if (classes.includes(words)) return { name: words, colour: null };
  const colour = colours.find((known) => words.startsWith(`${known} `));
  const name = colour === undefined ? "" : words.slice(colour.length + 1);
  return colour !== undefined && classes.includes(name) ? { name, colour } : null;
}

function readCount(phrase: string, { classes }: WorldSpec): Metadata | null {
  const count = NUMBER_WORDS.findIndex((word) => phrase.startsWith(`${word} `));
  const name = classes.find((known) => phrase === `${NUMBER_WORDS[count]} ${pluralOf(known)}`);
  return name === undefined ? null : counting(name, count);
}

function readPair(first: Noun | null, second: Noun | null): Metadata | null {
  if (!first || !second) return null;
  if (first.colour === null && second.colour === null) return twoObjects(first.name, second.name);
  if (first.colour === null || second.colour === null) return null;
  return colouredObjects(first.name, first.colour, second.name, second.colour);
}

function readPhrase(phrase: string, world: WorldSpec): Metadata | null {
  for (const relation of RELATIONS) {
    const [subject, reference] = phrase.split(` ${relation} `);
    if (subject === undefined || reference === undefined) continue;
    const [a, b] = [readNoun(subject, world), readNoun(reference, world)];
    return a && b ? positioned(a.name, relation, b.name) : null;
  }
  const [first = "", second] = phrase.split(" and ");
  if (second !== undefined) return readPair(readNoun(first, world), readNoun(second, world));
  const noun = readNoun(phrase, world);
  if (!noun) return readCount(phrase, world);
  return noun.colour === null ? singleObject(noun.name) : colouredObject(noun.name, noun.colour);
}

/** @returns null when the text is not, to the letter, one of the world's prompts */
export function readPrompt(prompt: string, world: WorldSpec): Metadata | null {
  const found = readPhrase(prompt.replace(/^a photo of /, ""), world);
  return found?.prompt === prompt ? found : null;
}
