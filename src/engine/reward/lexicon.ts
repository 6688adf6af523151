/**
 * Which words name which GenEval class, colour, number and relation. Used to read answers only; sentences are made
 * in `world/`.
 */
import { officialPluralOf, pluralOf } from "../world/classes.ts";
import { COLOUR_NAMES } from "../world/colours.ts";
import type { Relation } from "../world/sentences.ts";

/** GenEval's 80 classes, comma-separated in COCO order. */
const GENEVAL_CLASSES = `person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe,
backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat,
baseball glove, skateboard, surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana,
apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed,
dining table, toilet, tv, laptop, computer mouse, tv remote, computer keyboard, cell phone, microwave, oven, toaster,
sink, refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush`
  .split(",")
  .map((name) => name.trim());

/** Other names of a class; plurals are derived. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  person: ["man", "woman", "men", "women", "boy", "girl", "human"],
  bicycle: ["bike"],
  car: ["automobile"],
  motorcycle: ["motorbike"],
  airplane: ["plane", "aeroplane", "aircraft"],
  train: ["locomotive"],
  boat: ["sailboat", "ship"],
  "traffic light": ["stoplight", "traffic signal"],
  sheep: ["lamb"],
  backpack: ["rucksack"],
  handbag: ["purse"],
  tie: ["necktie"],
  suitcase: ["luggage"],
  frisbee: ["flying disc"],
  skis: ["ski"],
  "sports ball": ["ball", "soccer ball", "football"],
  "tennis racket": ["racket", "tennis racquet"],
  "wine glass": ["wineglass"],
  cup: ["mug", "teacup"],
  orange: ["tangerine"],
  "hot dog": ["hotdog"],
  donut: ["doughnut"],
  cake: ["birthday cake"],
  couch: ["sofa"],
  "potted plant": ["plant", "houseplant", "pot plant"],
  "dining table": ["table"],
  tv: ["television", "tv set", "television set"],
  laptop: ["laptop computer"],
  "computer mouse": ["mouse", "mice"],
  "tv remote": ["remote", "remote control", "television remote"],
  "computer keyboard": ["keyboard"],
  "cell phone": ["phone", "cellphone", "mobile phone", "smartphone"],
  refrigerator: ["fridge"],
  scissors: ["scissor"],
  "teddy bear": ["teddy"],
  "hair drier": ["hair dryer", "hairdryer", "hairdrier"],
};

const NUMBER_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** A map, as an answer may say any word, "constructor" too. */
const RELATION_WORDS: ReadonlyMap<string, Relation> = new Map([
  ["left", "left of"],
  ["right", "right of"],
  ["above", "above"],
  ["over", "above"],
  ["on top of", "above"],
  ["atop", "above"],
  ["below", "below"],
  ["under", "below"],
  ["beneath", "below"],
  ["underneath", "below"],
]);

/** A word of an answer that carries meaning. `at`: index of its first token, `end`: one past its last. */
export type Term =
  | { readonly kind: "class"; readonly name: string; readonly at: number; readonly end: number }
  | { readonly kind: "colour"; readonly name: string; readonly at: number; readonly end: number }
  | { readonly kind: "number"; readonly value: number; readonly at: number; readonly end: number }
  | { readonly kind: "relation"; readonly relation: Relation; readonly at: number; readonly end: number };

function surfacesOf(name: string): string[] {
  return [name, ...(SYNONYMS[name] ?? [])].flatMap((surface) => [
    surface,
    pluralOf(surface),
    officialPluralOf(surface),
  ]);
}

function addClass(surfaces: Map<string, string>, name: string): void {
  for (const surface of surfacesOf(name)) if (!surfaces.has(surface)) surfaces.set(surface, name);
}

/** Every surface form → class. Names go first, so that no synonym takes another class's name. */
const CLASS_SURFACES = new Map<string, string>();
for (const name of GENEVAL_CLASSES) CLASS_SURFACES.set(name, name);
for (const name of GENEVAL_CLASSES) addClass(CLASS_SURFACES, name);

const LONGEST_SURFACE = 3;

/** Lower-case words of a text without punctuation. */
export function tokenise(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** The class a phrase names, singular or plural, odd plurals and synonyms included; null when it names none. */
export function classNamed(phrase: string): string | null {
  return CLASS_SURFACES.get(phrase) ?? null;
}

function termAt(
  tokens: readonly string[],
  at: number,
  length: number,
  extra: ReadonlyMap<string, string>,
): Term | null {
  const phrase = tokens.slice(at, at + length).join(" ");
  const end = at + length;
  const name = extra.get(phrase) ?? classNamed(phrase);
  if (name !== null) return { kind: "class", name, at, end };
  const relation = RELATION_WORDS.get(phrase);
  if (relation) return { kind: "relation", relation, at, end };
  if (COLOUR_NAMES.includes(phrase)) return { kind: "colour", name: phrase, at, end };
  const value = /^\d+$/.test(phrase) ? Number(phrase) : NUMBER_NAMES.indexOf(phrase);
  return value >= 0 ? { kind: "number", value, at, end } : null;
}

/** Nouns that say nothing: "an orange one" speaks of the colour. */
const EMPTY_NOUNS: ReadonlySet<string> = new Set(["one", "object", "objects", "item", "items", "thing"]);
const COPULAS: ReadonlySet<string> = new Set(["is", "are", "color", "colour", "colored", "it"]);
const CONJUNCTIONS: ReadonlySet<string> = new Set(["and", "or"]);

/** Whether a term is one of two colours in a hedge: "red or orange", "orange and red", but not "red and orange is blue". */
function isHedged(terms: readonly Term[], index: number, tokens: readonly string[]): boolean {
  const [before, term, after, noun] = [terms[index - 1], terms[index], terms[index + 1], terms[index + 2]];
  if (!term) return false;
  const joins = (at: number) => CONJUNCTIONS.has(tokens[at] ?? "");
  const isSecond = before?.kind === "colour" && before.end === term.at - 1 && joins(before.end);
  const isFirst = after?.kind === "colour" && after.at === term.end + 1 && joins(term.end);
  const isAfterAdjective = noun?.kind === "class" && noun.at === after?.end;
  return (isSecond && !COPULAS.has(tokens[term.end] ?? "")) || (isFirst && !isAfterAdjective);
}

/**
 * "orange" names a fruit and a colour. Before a noun it is the colour; where colours are asked for it is also the
 * colour after "is", alone, and beside another colour with "and" or "or"; otherwise it is the fruit.
 */
function resolveOrange(
  terms: readonly Term[],
  index: number,
  tokens: readonly string[],
  asksColour: boolean,
): Term {
  const term = terms[index] as Term;
  if (tokens[term.at] !== "orange") return term;
  const next = terms[index + 1];
  const isBeforeNoun =
    (next?.kind === "class" && next.at === term.end) || EMPTY_NOUNS.has(tokens[term.end] ?? "");
  const isPredicate = COPULAS.has(tokens[term.at - 1] ?? "") || terms.length === 1;
  const isColour = isBeforeNoun || (asksColour && (isPredicate || isHedged(terms, index, tokens)));
  return { kind: isColour ? "colour" : "class", name: "orange", at: term.at, end: term.end };
}

/**
 * Reads the meaningful words of an answer in order; longer phrases win ("hot dog" is no dog).
 * @param asksColour whether the question asks for a colour (decides what a bare "orange" means)
 * @param extraClasses class names beyond GenEval's 80 that may occur
 */
export function readTerms(
  tokens: readonly string[],
  asksColour: boolean,
  extraClasses: readonly string[] = [],
): Term[] {
  const extra = new Map<string, string>();
  for (const name of extraClasses) if (classNamed(name) === null) addClass(extra, name);
  const terms: Term[] = [];
  for (let at = 0; at < tokens.length; ) {
    let found: Term | null = null;
    for (let length = LONGEST_SURFACE; length > 0 && !found; length--) {
      if (at + length <= tokens.length) found = termAt(tokens, at, length, extra);
    }
    if (found) terms.push(found);
    at = found ? found.end : at + 1;
  }
  return terms.map((_, index) => resolveOrange(terms, index, tokens, asksColour));
}
