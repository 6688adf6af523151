/**
 * Judged images as a file of lines that grows while images are drawn: a header that says what drew and what judged,
 * then one line per image. Only text; reading and writing files is the application's business.
 */
import { z } from "zod";
import { EngineError } from "../../errors.ts";
import type { AnsweredImage, PlannedDraw } from "../drawAndAsk.ts";
import { codesToText, textToCodes } from "./codesText.ts";
import { type JsonLine, lineError, parseJsonLines, type TextFile } from "./jsonLines.ts";
import type { JudgedImage } from "./judgeDraws.ts";
import { metadataSchema } from "./metadata.ts";

const FORMAT = "unirl-judged";
const VERSION = 1;

const text = z.string({ error: "text" });
const finite = z.number({ error: "a number" });

const headerSchema = z.object(
  {
    format: z.literal(FORMAT, { error: `"${FORMAT}"` }),
    version: z.literal(VERSION, { error: `${VERSION}` }),
    model: text,
    /** Digest of the model's own weights, and their format where they are packed. */
    weights: text,
    /** Digest of the image tokenizer: codes mean the same where it is the same. */
    tokenizer: text,
    /** Digest of the adapter, null without one. */
    adapter: text.nullable(),
    judge: text,
    /** The numbers may differ in the last digit between backends, and a draw with them. */
    backend: text,
    prompts: text,
    seed: finite,
    guidanceScale: finite,
    temperature: finite,
    steps: finite,
  },
  { error: "the header of a file of judged images" },
);

/** What decides an image and its verdict, besides its prompt and number. */
export type JudgedHeader = Readonly<Omit<z.infer<typeof headerSchema>, "format" | "version">>;

const share = z
  .number({ error: "a number from 0 to 1" })
  .min(0, { error: "at least 0" })
  .max(1, { error: "at most 1" });
const reasonSchema = z.object(
  { kind: z.enum(["tooFew", "colour", "noTarget", "position", "tooMany"]), class: text, text },
  { error: "a reason" },
);

const imageSchema = z.object(
  {
    prompt: text,
    metadata: metadataSchema,
    seen: z.boolean({ error: "true or false" }),
    number: z.number({ error: "a whole number" }).int({ error: "a whole number" }),
    seed: text,
    answer: text,
    reward: share,
    correct: z.boolean({ error: "true or false" }),
    reasons: z.array(reasonSchema, { error: "a list of reasons" }),
    codes: z
      .string({ error: "codes in base64" })
      .refine((value) => textToCodes(value) !== null, { error: "codes in base64" }),
  },
  { error: "a judged image" },
);

/** A judged image as a file keeps it: its place in a list is the list's business. */
export type StoredImage = Omit<JudgedImage, "promptIndex">;

/** A file of judged images and the length of the whole lines read. */
export interface JudgedFile {
  readonly header: JudgedHeader;
  readonly images: readonly StoredImage[];
  /** The text up to here is whole; what follows is the torn end of a line and has to be cut off before writing on. */
  readonly wholeText: string;
}

/** The first line of a file. */
export function writeJudgedHeader(header: JudgedHeader): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...header })}\n`;
}

/** One image's line. @throws EngineError("badInput") for codes beyond 16 bits */
export function writeJudgedImage(image: StoredImage): string {
  const { metadata, seen, number, seed, answer, reward, correct, reasons, codes } = image;
  const { prompt } = metadata;
  const record = { prompt, metadata, seen, number, seed, answer, reward, correct, reasons };
  return `${JSON.stringify({ ...record, codes: codesToText(codes) })}\n`;
}

/**
 * Reads a file of judged images. A last line without its end was torn when the writer was killed and is left out.
 * @returns null when not even the header is whole: the file may be begun anew
 * @throws EngineError("badInput") naming file, line and what to do
 */
export function parseJudgedFile({ name, text: content }: TextFile): JudgedFile | null {
  const wholeText = content.slice(0, content.lastIndexOf("\n") + 1);
  const headerEnd = wholeText.indexOf("\n") + 1;
  if (headerEnd === 0) return null;
  const [first] = parseJsonLines<z.infer<typeof headerSchema>>(
    { name, text: wholeText.slice(0, headerEnd) },
    headerSchema,
  );
  if (!first) return null;
  const { format: _, version: __, ...header } = first.value;
  const body = wholeText.slice(headerEnd);
  // The header's line stays as an empty one, so that lines keep their numbers.
  const lines: JsonLine<z.infer<typeof imageSchema>>[] =
    body.trim() === "" ? [] : parseJsonLines({ name, text: `\n${body}` }, imageSchema);
  const images = lines.map(({ line, value: { prompt, codes, ...image } }): StoredImage => {
    if (prompt === image.metadata.prompt) return { ...image, codes: textToCodes(codes) ?? new Int32Array() };
    throw lineError(name, line, "its prompt and the prompt of its metadata differ. Remove the line.");
  });
  return { header, images, wholeText };
}

/**
 * Whether a file may be continued, or its images be compared as this header's.
 * @param keys which entries matter; all by default
 * @throws EngineError("badInput") naming what differs
 */
export function requireSameHeader(
  name: string,
  found: JudgedHeader,
  wanted: JudgedHeader,
  wayOut: string,
  keys: readonly (keyof JudgedHeader)[] = Object.keys(wanted) as (keyof JudgedHeader)[],
): void {
  const differing = keys.filter((key) => found[key] !== wanted[key]);
  if (differing.length === 0) return;
  const listed = differing.map((key) => `${key} is ${found[key]}, here it is ${wanted[key]}`);
  throw new EngineError("badInput", `${name} was made otherwise: ${listed.join("; ")}. ${wayOut}`, {
    file: name,
  });
}

/** Draws that a file has already, in the order of the plan, and those that are left. */
export function splitDone(
  draws: readonly PlannedDraw[],
  stored: readonly StoredImage[],
): { readonly done: readonly JudgedImage[]; readonly left: readonly PlannedDraw[] } {
  const bySeed = new Map(stored.map((image) => [image.seed, image]));
  const done = draws.flatMap((draw): JudgedImage[] => {
    const image = bySeed.get(draw.seed);
    return image ? [{ ...image, ...draw }] : [];
  });
  return { done, left: draws.filter(({ seed }) => !bySeed.has(seed)) };
}

/** Images in the order of the plan. */
export function orderByPlan<T extends Pick<AnsweredImage, "seed">>(
  draws: readonly PlannedDraw[],
  images: readonly T[],
): T[] {
  const bySeed = new Map(images.map((image) => [image.seed, image]));
  return draws.flatMap(({ seed }) => bySeed.get(seed) ?? []);
}
