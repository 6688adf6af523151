/**
 * What is kept out of training. Two things: *compositions* chosen by hash (15 % of class pairs, 15 % of class–colour
 * pairs, four whole class–count cells), and the *prompt texts* of two fixed lists, test and validation. Membership
 * depends on names only, never on the order of the class list.
 *
 * `seen` on a listed prompt says whether its composition may occur in training under another text. A counting
 * prompt's text is its composition, so listed counting prompts are all unseen. A single-object prompt is nothing but
 * a class name: withholding it would leave the class without any training, so those prompts are trained on by design
 * and always `seen`.
 */
import { EngineError } from "../errors.ts";
import { createRng, type Rng } from "../rng.ts";
import { drawMetadata } from "./drawMetadata.ts";
import { counting, type IncludeClause, type Metadata, singleObject, TAGS, type Tag } from "./sentences.ts";
import type { WorldSpec } from "./worldSpec.ts";

export interface ListedPrompt {
  readonly metadata: Metadata;
  readonly seen: boolean;
}

export interface Splits {
  readonly test: readonly ListedPrompt[];
  readonly validation: readonly ListedPrompt[];
  /** Whether a held-out class pair, class–colour pair or class–count cell occurs in the record. */
  isHeldOutComposition(metadata: Metadata): boolean;
  /** Whether training may not use the record: held-out composition, or the text of a listed prompt. */
  isHeldOut(metadata: Metadata): boolean;
  /** Whether a class–colour pair is held out (also for colours that no caption mentions). */
  isHeldOutColour(name: string, colour: string): boolean;
}

/** Fixed for good: changing it changes what published models have never seen. */
export const SPLIT_SEED = "unirl-world-splits-1";

const HELD_OUT_SHARE = 0.15;
const HELD_OUT_COUNT_CELLS = 4;
/** In a very small world at most one cell in six is held out, so that something is left to learn from. */
const CELLS_PER_HELD_OUT = 6;
const COUNTS = [2, 3, 4] as const;

/** Prompts wanted per tag: [test, validation]; small worlds give fewer (see `LIST_SHARES`). */
const LIST_LENGTHS: Readonly<Record<Tag, readonly [number, number]>> = {
  single_object: [30, 29],
  two_object: [65, 50],
  counting: [35, 26],
  colors: [55, 45],
  position: [65, 50],
  color_attr: [65, 50],
};

/**
 * Further prompts of unseen compositions per list, where a tag has enough of them: they cost training nothing, and
 * keep the lists of a world of 24 classes above 400 and 240.
 */
const MORE_UNSEEN: Readonly<Partial<Record<Tag, readonly [number, number]>>> = {
  two_object: [15, 11],
  position: [60, 15],
  color_attr: [60, 15],
};
const MORE_ATTEMPTS = 20_000;

/** A list takes at most this share of all texts of a tag: [test, validation]. */
const LIST_SHARES = [0.2, 0.15] as const;
const SINGLE_OBJECT_SHARE = 0.5;

/** Draws before a list is taken to be as long as it can be. */
const MAX_ATTEMPTS = 100_000;

function hashShare(...path: string[]): number {
  return createRng(SPLIT_SEED, ...path).uniform();
}

/** All texts a tag has in a world. */
function textCount(spec: WorldSpec, tag: Tag): number {
  const classes = spec.classes.length;
  const colours = spec.colours.length;
  const pairs = classes * (classes - 1);
  const counts: Record<Tag, number> = {
    single_object: classes,
    two_object: pairs,
    counting: classes * COUNTS.length,
    colors: classes * colours,
    position: pairs * 4,
    color_attr: pairs * colours * (colours - 1),
  };
  return counts[tag];
}

/** The (class, count) cells with the smallest hashes. */
function chooseCountCells(spec: WorldSpec): Set<string> {
  const cells = spec.classes.flatMap((name) => COUNTS.map((count) => `${name}|${count}`));
  const wanted = Math.min(HELD_OUT_COUNT_CELLS, Math.floor(cells.length / CELLS_PER_HELD_OUT));
  const ranked = cells.map((cell) => ({ cell, share: hashShare("count", cell) }));
  return new Set(
    ranked
      .toSorted((a, b) => a.share - b.share)
      .slice(0, wanted)
      .map(({ cell }) => cell),
  );
}

class WorldSplits implements Splits {
  readonly test: readonly ListedPrompt[];
  readonly validation: readonly ListedPrompt[];
  readonly #countCells: ReadonlySet<string>;
  readonly #listedTexts = new Set<string>();
  readonly #shares = new Map<string, boolean>();

  constructor(spec: WorldSpec) {
    this.#countCells = chooseCountCells(spec);
    const sorted = { ...spec, classes: spec.classes.toSorted(), colours: spec.colours.toSorted() };
    const test = TAGS.map((tag) => this.#drawList(sorted, tag, 0));
    const validation = TAGS.map((tag) => this.#drawList(sorted, tag, 1));
    this.test = test.flatMap((drawn, tag) => this.#addUnseen(sorted, TAGS[tag], drawn, 0));
    this.validation = validation.flatMap((drawn, tag) => this.#addUnseen(sorted, TAGS[tag], drawn, 1));
  }

  #isChosen(kind: string, first: string, second: string): boolean {
    const key = `${kind}|${first}|${second}`;
    let chosen = this.#shares.get(key);
    if (chosen === undefined) {
      chosen = hashShare(kind, first, second) < HELD_OUT_SHARE;
      this.#shares.set(key, chosen);
    }
    return chosen;
  }

  isHeldOutColour(name: string, colour: string): boolean {
    return this.#isChosen("colour", name, colour);
  }

  isHeldOutComposition(metadata: Metadata): boolean {
    const [first, second] = metadata.include;
    if (!first) return false;
    if (metadata.tag === "counting") return this.#countCells.has(`${first.class}|${first.count}`);
    const hasColour = (clause: IncludeClause) =>
      clause.color !== undefined && this.isHeldOutColour(clause.class, clause.color);
    if (metadata.include.some(hasColour)) return true;
    if (!second) return false;
    const [a, b] = first.class < second.class ? [first.class, second.class] : [second.class, first.class];
    return this.#isChosen("pair", a, b);
  }

  isHeldOut(metadata: Metadata): boolean {
    if (metadata.tag === "single_object") return false;
    return this.#listedTexts.has(metadata.prompt) || this.isHeldOutComposition(metadata);
  }

  /** Draws one tag's part of a list; half of it unseen compositions where the tag has both kinds. */
  #drawList(spec: WorldSpec, tag: Tag, list: 0 | 1): ListedPrompt[] {
    const rng = createRng(SPLIT_SEED, "list", list, tag);
    if (tag === "single_object") return this.#drawSingles(spec, list);
    const wanted = Math.min(LIST_LENGTHS[tag][list], Math.floor(textCount(spec, tag) * LIST_SHARES[list]));
    const unseenWanted = Math.ceil(wanted / 2);
    const drawn: ListedPrompt[] = tag === "counting" && list === 0 ? this.#listCountCells() : [];
    let unseen = 0;
    for (let attempt = 0; drawn.length < wanted && attempt < MAX_ATTEMPTS; attempt++) {
      const metadata = drawMetadata(spec, tag, rng);
      if (this.#listedTexts.has(metadata.prompt)) continue;
      const isUnseen = this.isHeldOutComposition(metadata);
      const isWanted = isUnseen ? unseen < unseenWanted : drawn.length - unseen < wanted - unseenWanted;
      // After half of the draws the rarer kind has run out in a tiny world: take what there is.
      if (!isWanted && tag !== "counting" && attempt < MAX_ATTEMPTS / 2) continue;
      if (isUnseen) unseen += 1;
      drawn.push({ metadata, seen: tag !== "counting" && !isUnseen });
      this.#listedTexts.add(metadata.prompt);
    }
    return drawn;
  }

  /** Lengthens one tag's part of a list by unseen compositions that no list has. */
  #addUnseen(spec: WorldSpec, tag: Tag | undefined, drawn: ListedPrompt[], list: 0 | 1): ListedPrompt[] {
    const hasUnseen = drawn.some((prompt) => !prompt.seen);
    const wanted = drawn.length + ((tag && hasUnseen && MORE_UNSEEN[tag]?.[list]) || 0);
    const lengthened = [...drawn];
    const rng = createRng(SPLIT_SEED, "more", list, tag ?? "");
    for (let attempt = 0; tag && lengthened.length < wanted && attempt < MORE_ATTEMPTS; attempt++) {
      const metadata = drawMetadata(spec, tag, rng);
      if (this.#listedTexts.has(metadata.prompt) || !this.isHeldOutComposition(metadata)) continue;
      lengthened.push({ metadata, seen: false });
      this.#listedTexts.add(metadata.prompt);
    }
    return lengthened;
  }

  #listCountCells(): ListedPrompt[] {
    return [...this.#countCells].toSorted().map((cell) => {
      const [name = "", count = ""] = cell.split("|");
      const metadata = counting(name, Number(count));
      this.#listedTexts.add(metadata.prompt);
      return { metadata, seen: false };
    });
  }

  #drawSingles(spec: WorldSpec, list: 0 | 1): ListedPrompt[] {
    const shuffled = createRng(SPLIT_SEED, "singles").shuffle(spec.classes);
    const testLength = Math.min(
      LIST_LENGTHS.single_object[0],
      Math.ceil(spec.classes.length * SINGLE_OBJECT_SHARE),
    );
    const names = list === 0 ? shuffled.slice(0, testLength) : shuffled.slice(testLength);
    return names
      .slice(0, LIST_LENGTHS.single_object[list])
      .map((name) => ({ metadata: singleObject(name), seen: true }));
  }
}

/** The splits of a world; deterministic, without a seed argument on purpose. */
export function createSplits(spec: WorldSpec): Splits {
  return new WorldSplits(spec);
}

export type SplitName = "train" | "heldout" | "all";

/** Rejections in a row after which a world is taken to have no prompt of the wanted kind. */
const MAX_REJECTIONS = 100_000;

/**
 * Draws a record of a tag from one side of the split. Single-object records belong to both sides.
 * @throws EngineError("badConfig") when the world has no such record
 */
export function drawFromSplit(
  spec: WorldSpec,
  splits: Splits,
  split: SplitName,
  tag: Tag,
  rng: Rng,
): Metadata {
  for (let rejected = 0; rejected < MAX_REJECTIONS; rejected++) {
    const metadata = drawMetadata(spec, tag, rng);
    if (split === "all" || tag === "single_object") return metadata;
    if (splits.isHeldOut(metadata) === (split === "heldout")) return metadata;
  }
  throw new EngineError(
    "badConfig",
    `This world has no ${split} prompt of the kind ${tag}; give it more classes.`,
    {
      tag,
      split,
    },
  );
}
