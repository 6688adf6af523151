import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "../../rng.ts";
import { inverseOf } from "../../world/sentences.ts";
import type { Box } from "./detections.ts";
import { directionFrom, relationsBetween } from "./relationsBetween.ts";

/** A box with whole corners, so that sums and halves are exact. */
function drawBox(rng: Rng): Box {
  const [x, y] = [rng.int(60), rng.int(60)];
  return [x, y, x + 1 + rng.int(60), y + 1 + rng.int(60)];
}

describe("relationsBetween", () => {
  /** Computed with the official code (project's GenEval notes, section 3). */
  it.each<[Box, Box, readonly string[], readonly [number, number]]>([
    [[0, 0, 10, 10], [20, 0, 30, 10], ["left of"], [-0.9, 0]],
    [
      [0, 0, 10, 10],
      [20, 20, 30, 30],
      ["left of", "above"],
      [-0.6364, -0.6364],
    ],
    [[0, 0, 10, 10], [12, 1, 22, 11], ["left of"], [-0.8305, 0]],
    [[0, 0, 10, 10], [1, 1, 11, 11], [], [0, 0]],
    [[0, 0, 100, 100], [0, 110, 20, 130], ["above"], [0.3473, -0.7194]],
    [[0, 0, 100, 100], [60, 0, 160, 100], ["left of"], [-0.6667, 0]],
    [[3, 4, 50, 60], [3, 4, 50, 60], [], [0, 0]],
    [[0, 0, 10, 10], [9, 22, 19, 32], ["above"], [-0.2945, -0.8414]],
  ])("says of %j from %j: %j", (a, b, relations, [dx, dy]) => {
    expect(relationsBetween(a, b)).toEqual(relations);
    const direction = directionFrom(b, a);
    expect(direction[0]).toBeCloseTo(dx, 4);
    expect(direction[1]).toBeCloseTo(dy, 4);
  });

  it("wants more than half: 20 px apart less 10 px of slack is exactly half, 21 px is 11/21", () => {
    expect(directionFrom([20, 0, 70, 10], [0, 0, 50, 10])[0]).toBe(-0.5);
    expect(relationsBetween([0, 0, 50, 10], [20, 0, 70, 10])).toEqual([]);
    expect(directionFrom([21, 0, 71, 10], [0, 0, 50, 10])[0]).toBeCloseTo(-11 / 21, 12);
    expect(relationsBetween([0, 0, 50, 10], [21, 0, 71, 10])).toEqual(["left of"]);
  });

  it("is inverse from the other side, blind to where the pair lies, and mirrors with the picture", () => {
    const rng = createRng(1, "relations");
    const seen = new Set<string>();
    for (let round = 0; round < 2000; round++) {
      const [a, b] = [drawBox(rng), drawBox(rng)];
      const relations = relationsBetween(a, b);
      seen.add(relations.join());
      expect(relationsBetween(b, a)).toEqual(
        expect.arrayContaining(relations.map((relation) => inverseOf(relation))),
      );
      expect(relationsBetween(b, a)).toHaveLength(relations.length);
      const moved = ([x1, y1, x2, y2]: Box): Box => [x1 - 100, y1 + 7, x2 - 100, y2 + 7];
      expect(relationsBetween(moved(a), moved(b))).toEqual(relations);
      const mirrored = ([x1, y1, x2, y2]: Box): Box => [-x2, y1, -x1, y2];
      const flips = relations.map((relation) =>
        relation === "above" || relation === "below" ? relation : inverseOf(relation),
      );
      expect(relationsBetween(mirrored(a), mirrored(b))).toEqual(flips);
    }
    // None, the four, and the four diagonals: the draws reach everything.
    expect(seen.size).toBe(9);
  });
});
