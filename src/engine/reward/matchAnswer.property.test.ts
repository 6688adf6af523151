/** What holds of the reward for any gold record and any answer, on random ones from named streams. */
import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "../rng.ts";
import { CLASS_NAMES, officialPluralOf, pluralOf } from "../world/classes.ts";
import { COLOUR_NAMES } from "../world/colours.ts";
import {
  answerOf,
  colouredObject,
  colouredObjects,
  counting,
  inverseOf,
  type Metadata,
  positioned,
  RELATIONS,
  singleObject,
  TAGS,
  type Tag,
  twoObjects,
} from "../world/sentences.ts";
import { meaningOf } from "./__fixtures__/meaning.ts";
import { isExactAnswer, matchAnswer, matchYesNo } from "./matchAnswer.ts";

const TRIALS = 150;

const reward = (gold: Metadata, answer: string) => matchAnswer(gold, answer).reward;

/** [2], different */
const drawPair = (rng: Rng, list: readonly string[]) => rng.shuffle(list).slice(0, 2) as [string, string];

function drawGold(tag: Tag, rng: Rng): Metadata {
  const [first, second] = drawPair(rng, CLASS_NAMES);
  switch (tag) {
    case "single_object":
      return singleObject(first);
    case "two_object":
      return twoObjects(first, second);
    case "counting":
      return counting(first, 1 + rng.int(4));
    case "colors":
      return colouredObject(first, rng.pick(COLOUR_NAMES));
    case "position":
      return positioned(first, rng.pick(RELATIONS), second);
    case "color_attr":
      return colouredObjects(first, rng.pick(COLOUR_NAMES), second, rng.pick(COLOUR_NAMES));
    default:
      throw new Error(`Unknown tag ${String(tag satisfies never)}.`);
  }
}

/** Runs `check` on random streams. */
function forTrials(name: string, check: (rng: Rng) => void): void {
  for (let trial = 0; trial < TRIALS; trial++) check(createRng("reward", name, trial));
}

/** Words that mean nothing to any of the six questions. */
const FILLERS = ["I", "think", "clearly", "small", "photo", "with", "in", "the", "picture,", "constructor"];
const fill = (rng: Rng) => Array.from({ length: rng.int(4) }, () => rng.pick(FILLERS)).join(" ");

describe.each(TAGS)("the reward of any %s record", (tag) => {
  it("is 1 for its gold answer, which is exact, in any case and punctuation", () => {
    forTrials(tag, (rng) => {
      const gold = drawGold(tag, rng);
      const answer = answerOf(gold);
      for (const said of [answer, answer.toUpperCase(), `  ${answer.replaceAll(" ", ", ")}!?`]) {
        expect(reward(gold, said), said).toBe(1);
        expect(isExactAnswer(gold, said), said).toBe(true);
      }
    });
  });

  it("is below 1 for the gold answer of a record with another meaning", () => {
    let compared = 0;
    forTrials(tag, (rng) => {
      const [gold, other] = [drawGold(tag, rng), drawGold(tag, rng)];
      if (meaningOf(gold) === meaningOf(other)) return;
      compared += 1;
      expect(reward(gold, answerOf(other)), `${answerOf(gold)} | ${answerOf(other)}`).toBeLessThan(1);
    });
    expect(compared).toBeGreaterThan(TRIALS / 2);
  });

  it("does not change with words around that say nothing, whatever the answer", () => {
    const earned = new Set<number>();
    forTrials(tag, (rng) => {
      const gold = drawGold(tag, rng);
      const answer = answerOf(rng.int(2) ? gold : drawGold(tag, rng));
      const said = `${fill(rng)} ${answer} ${fill(rng)}`;
      earned.add(reward(gold, answer));
      expect(reward(gold, said), said).toBe(reward(gold, answer));
    });
    expect(earned.size).toBeGreaterThan(1);
  });

  it("is 0 for a denial and for silence", () => {
    forTrials(tag, (rng) => {
      const gold = drawGold(tag, rng);
      expect(reward(gold, `There is no such thing, not ${answerOf(gold)}`)).toBe(0);
      expect(reward(gold, "")).toBe(0);
    });
  });

  it("is between 0 and 1 for any words and any characters, and agrees with its parts", () => {
    const vocabulary = [
      ...CLASS_NAMES,
      ...COLOUR_NAMES,
      ...RELATIONS,
      ...FILLERS,
      ...["no", "not", "and", "is", "one", "four", "0", "12", "9".repeat(400), "on top of", "__proto__"],
    ];
    forTrials(tag, (rng) => {
      const gold = drawGold(tag, rng);
      const soup = Array.from({ length: rng.int(12) }, () => rng.pick(vocabulary)).join(" ");
      const noise = String.fromCharCode(...Array.from({ length: rng.int(60) }, () => rng.int(0x10000)));
      for (const answer of [soup, noise, `${soup}${noise}${answerOf(gold)}`]) {
        const { reward: earned, parts } = matchAnswer(gold, answer);
        expect(earned, answer).toBeGreaterThanOrEqual(0);
        expect(earned, answer).toBeLessThanOrEqual(1);
        expect(earned).toBe(parts.filter(({ satisfied }) => satisfied).length / parts.length);
        expect([true, false]).toContain(isExactAnswer(gold, answer));
        expect([0, 1]).toContain(matchYesNo("yes", answer).reward);
      }
    });
  });
});

describe("the reward of two objects", () => {
  it("is the same in either order, with their colours too", () => {
    forTrials("order", (rng) => {
      const [first, second] = drawPair(rng, CLASS_NAMES);
      const [one, other] = [rng.pick(COLOUR_NAMES), rng.pick(COLOUR_NAMES)];
      expect(reward(twoObjects(first, second), answerOf(twoObjects(second, first)))).toBe(1);
      const swapped = answerOf(colouredObjects(second, other, first, one));
      expect(reward(colouredObjects(first, one, second, other), swapped), swapped).toBe(1);
    });
  });

  it("gives half for colours that changed places", () => {
    forTrials("bound", (rng) => {
      const [first, second] = drawPair(rng, CLASS_NAMES);
      const [one, other] = drawPair(rng, COLOUR_NAMES);
      const crossed = answerOf(colouredObjects(first, other, second, one));
      expect(reward(colouredObjects(first, one, second, other), crossed), crossed).toBe(0.5);
    });
  });

  it("takes a relation from either side, right or wrong, and no other", () => {
    forTrials("relation", (rng) => {
      const [subject, reference] = drawPair(rng, CLASS_NAMES);
      const relation = rng.pick(RELATIONS);
      const gold = positioned(subject, relation, reference);
      for (const said of RELATIONS) {
        const direct = `The ${subject} is ${said} the ${reference}`;
        const inverse = `The ${reference} is ${inverseOf(said)} the ${subject}`;
        const fronted = `${said} the ${reference} is the ${subject}`;
        const expected = said === relation ? 1 : 2 / 3;
        for (const answer of [direct, inverse, fronted]) expect(reward(gold, answer), answer).toBe(expected);
      }
    });
  });
});

describe("the reward of one object", () => {
  it("is the same in the plural, English or GenEval's", () => {
    for (const name of CLASS_NAMES) {
      for (const plural of [pluralOf(name), officialPluralOf(name)]) {
        expect(reward(singleObject(name), plural), plural).toBe(1);
        expect(reward(counting(name, 3), `3 ${plural}`), plural).toBe(1);
      }
    }
  });

  it("is the same by another name, singular and plural, and that name is nobody else's", () => {
    const synonyms = [
      ["bicycle", "bike"],
      ["car", "automobile"],
      ["airplane", "plane"],
      ["traffic light", "stoplight"],
      ["backpack", "rucksack"],
      ["handbag", "purse"],
      ["frisbee", "flying disc"],
      ["sports ball", "soccer ball"],
      ["cup", "mug"],
      ["donut", "doughnut"],
      ["couch", "sofa"],
      ["potted plant", "houseplant"],
      ["tv", "television"],
      ["cell phone", "smartphone"],
      ["computer keyboard", "keyboard"],
    ] as const;
    for (const [name, synonym] of synonyms) {
      for (const said of [synonym, `${synonym}s`]) {
        expect(reward(singleObject(name), `I see a ${said}.`), said).toBe(1);
        expect(reward(counting(name, 2), `two ${said}`), said).toBe(1);
        for (const other of CLASS_NAMES) {
          if (other !== name) expect(reward(singleObject(other), said), `${other} | ${said}`).toBe(0);
        }
      }
    }
  });

  it("wants the right one of all names, numbers and colours", () => {
    for (const name of CLASS_NAMES) {
      for (const other of CLASS_NAMES) {
        expect(reward(singleObject(name), `a ${other}`), `${name} | ${other}`).toBe(name === other ? 1 : 0);
      }
    }
    forTrials("attributes", (rng) => {
      const name = rng.pick(CLASS_NAMES);
      const [count, said] = [1 + rng.int(4), 1 + rng.int(4)];
      expect(reward(counting(name, count), answerOf(counting(name, said)))).toBe(count === said ? 1 : 0.5);
      const [colour, wrong] = drawPair(rng, COLOUR_NAMES);
      const hedges = [`${colour} and ${wrong}`, `${wrong} or ${colour}`];
      for (const said of [wrong, ...hedges, ...hedges.map((hedge) => `The ${name} is ${hedge}.`)]) {
        expect(reward(colouredObject(name, colour), said), `${colour} | ${said}`).toBe(0);
      }
    });
  });
});
