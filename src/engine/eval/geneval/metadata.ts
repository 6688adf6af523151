/**
 * GenEval metadata files (`evaluation_metadata.jsonl`), and UniRL's variant with a question and its gold answer.
 *
 * Source: djghosh13/geneval af4902f2, prompts/evaluation_metadata.jsonl; showlab/UniRL validation_prompts.
 */
import { z } from "zod";
import { COLOUR_NAMES } from "../../world/colours.ts";
import { type Metadata, RELATIONS, TAGS } from "../../world/sentences.ts";
import { parseJsonLines, type TextFile } from "./jsonLines.ts";

/** A prompt of a metadata file. `question` and `answer` are UniRL's, where the file has them. */
export interface MetadataRecord extends Metadata {
  readonly question?: string;
  readonly answer?: string;
}

const nonEmptyText = z.string({ error: "text" }).min(1, { error: "text that is not empty" });
const atLeastOne = z
  .number({ error: "a whole number" })
  .int({ error: "a whole number" })
  .min(1, { error: "at least 1" });

const excludeClause = z.object(
  { class: nonEmptyText, count: atLeastOne },
  { error: 'an object with "class" and "count"' },
);

const POSITION_FORM = `[relation, index of an earlier entry of "include"]`;

const includeClause = z.object(
  {
    class: nonEmptyText,
    count: atLeastOne,
    color: z.enum(COLOUR_NAMES, { error: `one of ${COLOUR_NAMES.join(", ")}` }).exactOptional(),
    position: z
      .tuple(
        [
          z.enum(RELATIONS, { error: `one of ${RELATIONS.join(", ")}` }),
          z
            .number({ error: "a whole number" })
            .int({ error: "a whole number" })
            .min(0, { error: "at least 0" }),
        ],
        { error: POSITION_FORM },
      )
      .exactOptional(),
  },
  { error: 'an object with "class" and "count"' },
);

/** One metadata record as JSON. Messages continue "it must be"; keys it does not know are dropped. */
export const metadataSchema = z
  .object(
    {
      tag: z.enum(TAGS, { error: `one of ${TAGS.join(", ")}` }),
      include: z
        .array(includeClause, { error: "a list of what to find" })
        .min(1, { error: "a list that is not empty" }),
      exclude: z.array(excludeClause, { error: "a list of what must not be there" }).exactOptional(),
      prompt: nonEmptyText,
      question: z.string({ error: "text" }).exactOptional(),
      answer: z.string({ error: "text" }).exactOptional(),
    },
    { error: 'an object with "tag", "include" and "prompt"' },
  )
  .superRefine(({ include }, context) => {
    include.forEach(({ position }, index) => {
      if (!position || position[1] < index) return;
      context.addIssue({ code: "custom", message: POSITION_FORM, path: ["include", index, "position"] });
    });
  }) satisfies z.ZodType<MetadataRecord>;

/**
 * Reads a metadata file, in its order.
 * @throws EngineError("badInput") naming file, line and what to do
 */
export function parseMetadata(file: TextFile): MetadataRecord[] {
  return parseJsonLines<MetadataRecord>(file, metadataSchema).map(({ value }) => value);
}

/** What makes two records the same prompt: all that the judge reads, and the text; not UniRL's question. */
export function metadataKey({ tag, include, exclude = [], prompt }: Metadata): string {
  const included = include.map(({ class: name, count, color = null, position = null }) => [
    name,
    count,
    color,
    position,
  ]);
  return JSON.stringify([tag, included, exclude.map(({ class: name, count }) => [name, count]), prompt]);
}
