/** A detector that looks at nothing: it reports what a record asks for, or nothing, as a rule tells it. */
import type { Metadata } from "../../world/sentences.ts";
import type { Box, Detection, Detections, ObjectDetector } from "../geneval/detections.ts";

const SIDE = 10;
/** Far enough apart for every relation. */
const PLACES: Readonly<Record<string, Box>> = {
  "left of": [-50, 0, -50 + SIDE, SIDE],
  "right of": [50, 0, 50 + SIDE, SIDE],
  above: [0, -50, SIDE, -50 + SIDE],
  below: [0, 50, SIDE, 50 + SIDE],
};
const CENTRE: Box = [0, 0, SIDE, SIDE];

/** Detections that meet a record. */
export function fulfil({ include }: Metadata): Detections {
  return Object.fromEntries(
    include.map(({ class: name, count, color, position }) => {
      const box = (position && PLACES[position[0]]) ?? CENTRE;
      const object: Detection = { box, score: 0.95, ...(color === undefined ? {} : { color }) };
      return [name, Array.from({ length: count }, () => object)];
    }),
  );
}

/** @param tell what to report of the nth image that the detector is ever shown, from 0 */
export function tellingDetector(tell: (nth: number) => Detections): ObjectDetector {
  let shown = 0;
  return {
    id: "telling",
    detect: async (images) => images.map(() => tell(shown++)),
    dispose: () => {},
  };
}
