/**
 * The self-reward: how much of the gold meaning an answer states. Keyword rules on text, no model; one point per
 * object, number, colour, bound colour or relation, divided by the points there are.
 *
 * Source: UniRL (arXiv 2505.23380) figure 2 for counting (0, 1 or 2 points); the other tags generalise it. Differs:
 * an answer that denies something, or names at least two classes more than asked for, gets no points for objects, so that
 * listing the vocabulary does not pay.
 */
import { EngineError } from "../errors.ts";
import { answerOf, type IncludeClause, inverseOf, type Metadata } from "../world/sentences.ts";
import { readTerms, type Term, tokenise } from "./lexicon.ts";

/** One atomic attribute of the gold answer and whether the answer states it. */
export interface RewardPart {
  readonly label: "object" | "number" | "colour" | "relation" | "choice";
  /** What was asked for, e.g. "dog", "three", "left of". */
  readonly expected: string;
  readonly satisfied: boolean;
  /** A sentence for the inspector. */
  readonly reason: string;
}

export interface AnswerScore {
  /** Satisfied parts / parts, in [0, 1]. */
  readonly reward: number;
  readonly parts: readonly RewardPart[];
}

/** What of a record decides its score; a `Metadata` is one. */
export type GoldRecord = Pick<Metadata, "tag" | "include">;

const NEGATIONS: ReadonlySet<string> = new Set(["no", "not", "none", "neither", "without", "nothing"]);
const COLOUR_TAGS: ReadonlySet<string> = new Set(["colors", "color_attr"]);
/** Classes named beyond those asked for before an answer counts as a list. */
const TOLERATED_EXTRA_CLASSES = 1;

interface ReadAnswer {
  readonly terms: readonly Term[];
  readonly isNegated: boolean;
  /** Distinct classes in order of mention. */
  readonly classes: readonly string[];
  readonly colours: readonly string[];
  readonly numbers: readonly number[];
}

function readAnswer(gold: GoldRecord, answer: string): ReadAnswer {
  const tokens = tokenise(answer);
  const terms = readTerms(
    tokens,
    COLOUR_TAGS.has(gold.tag),
    gold.include.map((clause) => clause.class),
  );
  return {
    terms,
    isNegated: tokens.some((token) => NEGATIONS.has(token)),
    classes: [...new Set(terms.flatMap((term) => (term.kind === "class" ? [term.name] : [])))],
    colours: terms.flatMap((term) => (term.kind === "colour" ? [term.name] : [])),
    numbers: terms.flatMap((term) => (term.kind === "number" ? [term.value] : [])),
  };
}

function named(list: readonly (string | number)[]): string {
  return list.length === 0 ? "none" : list.join(", ");
}

function objectPart(gold: GoldRecord, read: ReadAnswer, name: string): RewardPart {
  const part = (satisfied: boolean, reason: string): RewardPart => ({
    label: "object",
    expected: name,
    satisfied,
    reason,
  });
  const asked = new Set(gold.include.map((clause) => clause.class)).size;
  if (read.isNegated) return part(false, "The answer denies something.");
  if (read.classes.length > asked + TOLERATED_EXTRA_CLASSES) {
    return part(false, `The answer lists too many objects (${named(read.classes)}).`);
  }
  return read.classes.includes(name)
    ? part(true, `Names the ${name}.`)
    : part(false, `Does not name the ${name} (objects named: ${named(read.classes)}).`);
}

function numberPart(read: ReadAnswer, clause: IncludeClause): RewardPart {
  const isOnlyNumber = read.numbers.length === 1;
  const satisfied = isOnlyNumber && read.numbers[0] === clause.count && !read.isNegated;
  const reason = isOnlyNumber
    ? `Says ${read.numbers[0]}, asked for ${clause.count}.`
    : `Needs exactly one number (numbers named: ${named(read.numbers)}).`;
  return { label: "number", expected: String(clause.count), satisfied, reason };
}

function colourPart(read: ReadAnswer, clause: IncludeClause): RewardPart {
  const expected = clause.color ?? "";
  const distinct = [...new Set(read.colours)];
  const satisfied = distinct.length === 1 && distinct[0] === expected && !read.isNegated;
  return {
    label: "colour",
    expected,
    satisfied,
    reason: satisfied
      ? `Says ${expected} and no other colour.`
      : `Should say ${expected} alone (colours named: ${named(distinct)}).`,
  };
}

/** Colours an answer binds to a class: "red dog" or "dog is red"; a hedge ("red and blue") binds both. */
function coloursBoundTo(terms: readonly Term[], name: string): Set<string> {
  const bound = new Set<string>();
  const isAdjective = (index: number) => {
    const [term, next] = [terms[index], terms[index + 1]];
    return term?.kind === "colour" && next?.kind === "class" && next.at === term.end;
  };
  terms.forEach((term, index) => {
    if (term.kind !== "class" || term.name !== name) return;
    const before = terms[index - 1];
    if (before?.kind === "colour" && isAdjective(index - 1)) bound.add(before.name);
    for (let next = index + 1; terms[next]?.kind === "colour" && !isAdjective(next); next++) {
      const colour = terms[next];
      if (colour?.kind === "colour") bound.add(colour.name);
    }
  });
  return bound;
}

function boundColourPart(read: ReadAnswer, clause: IncludeClause): RewardPart {
  const expected = clause.color ?? "";
  const bound = [...coloursBoundTo(read.terms, clause.class)];
  const satisfied = bound.length === 1 && bound[0] === expected && !read.isNegated;
  return {
    label: "colour",
    expected,
    satisfied,
    reason: `Should call the ${clause.class} ${expected}; calls it ${named(bound)}.`,
  };
}

interface Statement {
  readonly subject: string;
  readonly relation: Extract<Term, { kind: "relation" }>["relation"];
  readonly reference: string;
}

/** The one relation an answer states: "A rel B", or "rel B is A". Null when there is none or more than one. */
function readStatement(terms: readonly Term[]): Statement | null {
  const relations = terms.filter((term) => term.kind === "relation");
  const [relation] = relations;
  if (relations.length !== 1 || !relation) return null;
  const classes = terms.filter((term) => term.kind === "class");
  const before = classes.filter((term) => term.at < relation.at).at(-1);
  const [after, second] = classes.filter((term) => term.at > relation.at);
  const subject = before ?? second;
  if (!subject || !after) return null;
  return { subject: subject.name, relation: relation.relation, reference: after.name };
}

function relationPart(read: ReadAnswer, reference: IncludeClause, subject: IncludeClause): RewardPart {
  const relation = subject.position?.[0] ?? "left of";
  const stated = readStatement(read.terms);
  const holds =
    stated !== null &&
    ((stated.subject === subject.class &&
      stated.reference === reference.class &&
      stated.relation === relation) ||
      (stated.subject === reference.class &&
        stated.reference === subject.class &&
        stated.relation === inverseOf(relation)));
  const said = stated ? `${stated.subject} ${stated.relation} ${stated.reference}` : "no single relation";
  return {
    label: "relation",
    expected: relation,
    satisfied: holds && !read.isNegated,
    reason: `Should say ${subject.class} ${relation} ${reference.class}; says ${said}.`,
  };
}

function partsOf(gold: GoldRecord, read: ReadAnswer): RewardPart[] {
  const [first, second] = gold.include;
  const needsTwo = gold.tag === "position" || gold.tag === "two_object" || gold.tag === "color_attr";
  if (!first || (needsTwo && !second)) {
    throw new EngineError("badInput", `A ${gold.tag} record has too few entries in include.`, {
      tag: gold.tag,
    });
  }
  if (gold.tag === "colors") return [colourPart(read, first)];
  const objects = gold.include.map((clause) => objectPart(gold, read, clause.class));
  if (gold.tag === "counting") return [...objects, numberPart(read, first)];
  if (gold.tag === "position" && second) return [...objects, relationPart(read, first, second)];
  if (gold.tag === "color_attr") {
    return [...objects, ...gold.include.map((clause) => boundColourPart(read, clause))];
  }
  return objects;
}

function toScore(parts: readonly RewardPart[]): AnswerScore {
  return { reward: parts.filter((part) => part.satisfied).length / parts.length, parts };
}

/**
 * Scores an answer to any question whose gold answer is the record's (template, paraphrase, multiple choice).
 * Two objects may come in either order, a relation may be stated from either side.
 * @throws EngineError("badInput") when the record lacks an entry its tag needs
 */
export function matchAnswer(gold: GoldRecord, answer: string): AnswerScore {
  return toScore(partsOf(gold, readAnswer(gold, answer)));
}

/** Scores an answer to a yes/no question: the first of the two words counts, and the other must not occur. */
export function matchYesNo(gold: string, answer: string): AnswerScore {
  const said = [...new Set(tokenise(answer).filter((token) => token === "yes" || token === "no"))];
  const satisfied = said.length === 1 && said[0] === gold;
  return toScore([
    { label: "choice", expected: gold, satisfied, reason: `Should say ${gold}; says ${named(said)}.` },
  ]);
}

/** Objects, colours, numbers and relations as multisets that do not depend on order of mention. */
function contentOf(read: ReadAnswer): string {
  const relations = read.terms.filter((term) => term.kind === "relation").length;
  return JSON.stringify([read.classes.toSorted(), read.colours.toSorted(), read.numbers, relations]);
}

/**
 * Whether an answer means the gold answer and nothing else: full score, and no object, colour, number or relation
 * beyond it. For a colour question the object may be named as well ("The car is red").
 */
export function isExactAnswer(gold: GoldRecord, answer: string): boolean {
  if (matchAnswer(gold, answer).reward < 1) return false;
  const read = readAnswer(gold, answer);
  if (gold.tag === "colors") {
    return read.numbers.length === 0 && read.classes.every((name) => name === gold.include[0]?.class);
  }
  return contentOf(read) === contentOf(readAnswer(gold, answerOf(gold)));
}
