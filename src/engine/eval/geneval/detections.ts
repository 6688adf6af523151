/**
 * What a detector says about one image: the only thing the GenEval judge knows of a picture. A detection file from
 * elsewhere and a detector in the browser give the same type.
 */
import type { ImageU8 } from "../../models/unified.ts";

/** [x1, y1, x2, y2] in pixels of the judged image, x1 ≤ x2, y1 ≤ y2, y growing downward; may reach off the canvas. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** One detected object. */
export interface Detection {
  readonly box: Box;
  /** Confidence, 0 to 1. Thresholds are compared in double precision. */
  readonly score: number;
  /**
   * The colour of this object: what `classifyColour` made of its pixels, one of GenEval's ten names. It is only read
   * where a prompt asks for a colour, of the most confident objects of the class, so a detector may leave it out
   * elsewhere. A classifier that may decline gives another word, which matches no prompt. GenEval's spelling.
   */
  readonly color?: string;
}

/**
 * All objects of one image by class name, in any order, unfiltered: thresholds are the judge's business. A class that
 * was not seen is absent or empty. Where scores are equal, the later of two objects goes first.
 */
export type Detections = Readonly<Record<string, readonly Detection[]>>;

/** Finds objects in pictures: the outside judge's eyes. Frozen, and no part of the model that it judges. */
export interface ObjectDetector {
  /** Name for records. */
  readonly id: string;
  /** Everything found in each image, colours included; boxes in that image's pixels. @throws EngineError("badInput") */
  detect(images: readonly ImageU8[]): Promise<Detections[]>;
  dispose(): void;
}
