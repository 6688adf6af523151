/** The object classes of the emoji world: GenEval's words, their plurals, and the icon each is drawn with. */
import { EngineError } from "../errors.ts";

export interface WorldClass {
  /** GenEval's class name, used in sentences. */
  readonly name: string;
  /** Correct English plural, used in our prompts. */
  readonly plural: string;
  /** Icon of `@iconify-json/fluent-emoji-flat`. */
  readonly glyph: string;
}

const IRREGULAR_PLURALS: Readonly<Record<string, string>> = {
  sheep: "sheep",
  knife: "knives",
  sandwich: "sandwiches",
  couch: "couches",
  toothbrush: "toothbrushes",
  bus: "buses",
  "wine glass": "wine glasses",
  "computer mouse": "computer mice",
  scissors: "scissors",
  skis: "skis",
  person: "people",
  bench: "benches",
};

/** [GenEval class, icon]; order is the class index of the shipped sprites, so append only. */
const GLYPHS: readonly (readonly [string, string])[] = [
  ["dog", "dog-face"],
  ["cat", "cat-face"],
  ["bird", "bird"],
  ["horse", "horse-face"],
  ["sheep", "ewe"],
  ["cow", "cow-face"],
  ["elephant", "elephant"],
  ["bear", "bear"],
  ["zebra", "zebra"],
  ["giraffe", "giraffe"],
  ["car", "automobile"],
  ["bus", "bus"],
  ["truck", "delivery-truck"],
  ["train", "locomotive"],
  ["airplane", "airplane"],
  ["boat", "sailboat"],
  ["bicycle", "bicycle"],
  ["motorcycle", "motorcycle"],
  ["umbrella", "umbrella"],
  ["backpack", "backpack"],
  ["handbag", "handbag"],
  ["kite", "kite"],
  ["sports ball", "soccer-ball"],
  ["skateboard", "skateboard"],
  ["wine glass", "wine-glass"],
  ["cup", "teacup-without-handle"],
  ["spoon", "spoon"],
  ["knife", "kitchen-knife"],
  ["banana", "banana"],
  ["apple", "red-apple"],
  ["sandwich", "sandwich"],
  ["orange", "tangerine"],
  ["broccoli", "broccoli"],
  ["carrot", "carrot"],
  ["hot dog", "hot-dog"],
  ["pizza", "pizza"],
  ["donut", "doughnut"],
  ["cake", "birthday-cake"],
  ["chair", "chair"],
  ["couch", "couch-and-lamp"],
  ["potted plant", "potted-plant"],
  ["bed", "bed"],
  ["toilet", "toilet"],
  ["tv", "television"],
  ["laptop", "laptop"],
  ["book", "closed-book"],
  ["clock", "mantelpiece-clock"],
  ["scissors", "scissors"],
  ["teddy bear", "teddy-bear"],
  ["toothbrush", "toothbrush"],
  ["vase", "amphora"],
  ["frisbee", "flying-disc"],
  ["traffic light", "vertical-traffic-light"],
  ["cell phone", "mobile-phone"],
  ["computer keyboard", "keyboard"],
  ["computer mouse", "computer-mouse"],
  ["suitcase", "luggage"],
  ["skis", "skis"],
  ["stop sign", "stop-sign"],
];

/** Correct English plural of a GenEval class. */
export function pluralOf(name: string): string {
  return IRREGULAR_PLURALS[name] ?? `${name}s`;
}

/** GenEval's own plural, odd where English is irregular ("sheeps", "toothbrushs", "knifes"). */
export function officialPluralOf(name: string): string {
  return name.endsWith("s") ? `${name}es` : `${name}s`;
}

/** Every class that has an icon. */
export const CLASSES: readonly WorldClass[] = GLYPHS.map(([name, glyph]) => ({
  name,
  glyph,
  plural: pluralOf(name),
}));

export const CLASS_NAMES: readonly string[] = CLASSES.map(({ name }) => name);

/**
 * Index of a class in `CLASSES` and in the shipped sprites.
 * @throws EngineError("badInput") for a class that the world cannot draw
 */
export function classIndexOf(name: string): number {
  const index = CLASS_NAMES.indexOf(name);
  if (index < 0) {
    throw new EngineError(
      "badInput",
      `The emoji world has no class "${name}". Use one of: ${CLASS_NAMES.join(", ")}.`,
      {
        class: name,
      },
    );
  }
  return index;
}
