/** Detections made elsewhere: a file with one image per line. */
import { z } from "zod";
import type { Metadata } from "../../world/sentences.ts";
import type { Box, Detections } from "./detections.ts";
import { type JsonLine, lineError, parseJsonLines, type TextFile } from "./jsonLines.ts";
import { type MetadataRecord, metadataKey, metadataSchema } from "./metadata.ts";

/** One image to judge and the line it came from, from 1. */
export interface DetectedImage {
  readonly line: number;
  readonly metadata: Metadata;
  readonly detections: Detections;
}

/** A list of prompts and how messages call it. */
export interface PromptList {
  readonly name: string;
  readonly records: readonly MetadataRecord[];
}

const pixel = z.number({ error: "a number of pixels" });
const BOX_FORM = "[x1, y1, x2, y2] in pixels with x1 ≤ x2 and y1 ≤ y2";
const SCORE_FORM = "a number from 0 to 1";

const box = z
  .tuple([pixel, pixel, pixel, pixel], { error: BOX_FORM })
  .refine(([x1, y1, x2, y2]: Box) => x1 <= x2 && y1 <= y2, { error: BOX_FORM });

const detection = z.object(
  {
    box,
    score: z.number({ error: SCORE_FORM }).min(0, { error: SCORE_FORM }).max(1, { error: SCORE_FORM }),
    color: z.string({ error: "the name of a colour" }).exactOptional(),
  },
  { error: 'an object with "box" and "score"' },
);

const detections = z.record(z.string(), z.array(detection, { error: "a list of objects" }), {
  error: "an object with a list of objects for each class",
});

const imageSchema = z.object(
  {
    metadata: metadataSchema.exactOptional(),
    prompt: z.string({ error: "text" }).exactOptional(),
    detections,
  },
  { error: 'an object with "metadata" and "detections"' },
);

type ImageLine = JsonLine<z.infer<typeof imageSchema>>;

/** The record a line is judged by: its own, or the list's of its prompt; where both are there they must agree. */
function findMetadata(file: string, { line, value }: ImageLine, list: PromptList | null): Metadata {
  const { metadata, prompt = metadata?.prompt } = value;
  if (!list) {
    if (metadata) return metadata;
    throw lineError(
      file,
      line,
      `"metadata" is missing; it must be an object with "tag", "include" and "prompt", or give a list of prompts.`,
    );
  }
  if (prompt === undefined) {
    throw lineError(file, line, `"prompt" is missing; it must be the text of a prompt of ${list.name}.`);
  }
  const listed = list.records.find((record) => record.prompt === prompt);
  if (!listed) {
    throw lineError(
      file,
      line,
      `the prompt "${prompt}" is not in ${list.name}. Remove the line, or give the list it is from.`,
    );
  }
  if (metadata && metadataKey(metadata) !== metadataKey(listed)) {
    throw lineError(
      file,
      line,
      `its metadata and that of ${list.name} differ for "${prompt}". Remove one of them.`,
    );
  }
  return listed;
}

/**
 * Reads a detection file. A line is `{"metadata", "detections"}`, or with a list of prompts `{"prompt",
 * "detections"}`; other keys are ignored.
 * @param list the prompts the images were made from, when known
 * @throws EngineError("badInput") naming file, line and what to do
 */
export function parseDetectionFile(file: TextFile, list: PromptList | null = null): DetectedImage[] {
  return parseJsonLines<ImageLine["value"]>(file, imageSchema).map((image) => ({
    line: image.line,
    metadata: findMetadata(file.name, image, list),
    detections: image.value.detections,
  }));
}
