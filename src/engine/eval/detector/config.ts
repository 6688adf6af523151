/** What a detector folder's config.json says, checked. */
import { z } from "zod";
import { EngineError } from "../../errors.ts";

const count = z.number().int().positive();
const names = z.array(z.string().min(1)).min(1);

const configSchema = z.object({
  model_type: z.literal("detector"),
  /** In the order of the outputs, as are the colours. */
  classes: names,
  colours: names,
  /** Pixels of the square pictures it reads. */
  side: count,
  /** Channels inside the network; even. */
  width: count.multipleOf(2),
  /** Residual blocks. */
  blocks: count,
  /** Pixels between neighbouring cells of the output. */
  stride: z.literal(4),
  /** A byte enters as (byte − mean) / scale. */
  pixel_mean: z.number(),
  pixel_scale: z.number().positive(),
});

export type DetectorConfig = Readonly<z.infer<typeof configSchema>>;

/** Outputs of a cell besides classes and colours: centre x, centre y, width, height. */
export const BOX_OUTPUTS = 4;

/** Numbers of one cell: class logits, box, colour logits. */
export function outputCount({ classes, colours }: DetectorConfig): number {
  return classes.length + BOX_OUTPUTS + colours.length;
}

/** @throws EngineError("modelCorrupt") saying what is wrong */
export function parseDetectorConfig(json: unknown): DetectorConfig {
  const parsed = configSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EngineError(
    "modelCorrupt",
    `The judge's config.json does not describe a detector: ${issue?.path.join(".")}: ${issue?.message}. Use an unchanged folder.`,
    { file: "config.json" },
  );
}
