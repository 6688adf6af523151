import { expect, it } from "vitest";
import { type Decoding, followDecoding, momentsOf } from "./decoding.ts";

/** Reports [decoding step, flags of each image] of a drawing in four steps. */
function follow(...reports: [number, number[][]][]): Decoding {
  return reports.reduce<Decoding | null>((before, [decodeStep, flags]) => {
    const decided = flags.map((image) => Uint8Array.from(image));
    return followDecoding(before, { type: "drawProgressed", step: 1, decodeStep, decodeSteps: 4, decided });
  }, null) as Decoding;
}

const rows = ({ decidedAt }: Decoding) => decidedAt.map((image) => [...image]);

it("remembers after which report each token was decided", () => {
  const decoding = follow([1, [[1, 0, 0, 0]]], [2, [[1, 0, 1, 0]]], [4, [[1, 1, 1, 1]]]);
  expect(decoding.steps).toBe(4);
  expect(rows(decoding)).toEqual([[1, 4, 2, 4]]);
  expect(momentsOf(decoding.decidedAt[0] as Uint8Array)).toEqual([0, 1, 2, 4]);
});

it("leaves finished images alone while the next ones are drawn", () => {
  const reports: [number, number[][]][] = [
    [
      4,
      [
        [1, 1],
        [0, 0],
      ],
    ],
    [
      2,
      [
        [1, 1],
        [0, 1],
      ],
    ],
  ];
  expect(rows(follow(...reports))).toEqual([
    [4, 4],
    [0, 2],
  ]);
});

it("begins anew where an image is drawn again", () => {
  expect(rows(follow([4, [[1, 1]]], [1, [[0, 1]]], [3, [[1, 1]]]))).toEqual([[3, 1]]);
});
