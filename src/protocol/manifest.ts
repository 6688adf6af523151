/**
 * The list of shipped models, `public/models/manifest.json`. Each model is a folder `<id>/` beside the manifest;
 * the page reads this list to know what it opens and how large it is before the first byte moves.
 */
import { z } from "zod";

const modelEntry = z.object({
  /** Folder name beside the manifest, and the value of `?model=`. */
  id: z.string().regex(/^[\w.-]+$/),
  title: z.string(),
  /** Files of the folder, in the order they are downloaded. */
  files: z.array(
    z.object({ name: z.string(), bytes: z.number().int().nonnegative(), sha256: z.string().optional() }),
  ),
  /** Sum of the files' sizes. */
  bytes: z.number().int().nonnegative(),
  /** Sprite file of the model's world, relative to the site's root. */
  sprites: z.string(),
  /** Folder of the outside judge beside the manifest, where there is one for the model's world. */
  judge: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
  /** Sum of the judge's files; it is downloaded with the model. */
  judgeBytes: z.number().int().nonnegative().optional(),
  /** How the weights are stored, such as "F16". */
  dtype: z.string().optional(),
});

export const manifestSchema = z.object({
  /** Model opened when the address names none; the first of the list when absent. */
  default: z.string().optional(),
  models: z.array(modelEntry).min(1),
});

/** All shipped models. */
export type ModelManifest = z.infer<typeof manifestSchema>;
/** One shipped model. */
export type ModelEntry = ModelManifest["models"][number];
