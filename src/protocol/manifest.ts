/**
 * The list of shipped models, `public/models/manifest.json`. Each model is a folder `<id>/` beside the manifest;
 * the page reads this list to know what it opens and how large it is before the first byte moves.
 */
import * as z from "zod/mini";

const modelEntry = z.object({
  /** Folder name beside the manifest, and the value of `?model=`. */
  id: z.string().check(z.regex(/^[\w.-]+$/)),
  title: z.string(),
  /** Files of the folder, in the order they are downloaded. */
  files: z.array(
    z.object({ name: z.string(), bytes: z.int().check(z.nonnegative()), sha256: z.optional(z.string()) }),
  ),
  /** Sum of the files' sizes. */
  bytes: z.int().check(z.nonnegative()),
  /** Sprite file of the model's world, relative to the site's root. */
  sprites: z.string(),
  /** Folder of the outside judge beside the manifest, where there is one for the model's world. */
  judge: z.optional(z.string().check(z.regex(/^[\w.-]+$/))),
  /** Sum of the judge's files; it is downloaded with the model. */
  judgeBytes: z.optional(z.int().check(z.nonnegative())),
  /** How the weights are stored, such as "F16". */
  dtype: z.optional(z.string()),
});

export const manifestSchema = z.object({
  /** Model opened when the address names none; the first of the list when absent. */
  default: z.optional(z.string()),
  models: z.array(modelEntry).check(z.minLength(1)),
});

/** All shipped models. */
export type ModelManifest = z.infer<typeof manifestSchema>;
/** One shipped model. */
export type ModelEntry = ModelManifest["models"][number];
