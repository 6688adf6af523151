/** Rendered scenes with known content: the questions whose answers we know for certain. */
import type { ImageU8 } from "../models/unified.ts";
import { createRng } from "../rng.ts";
import { TEMPLATE_QUESTIONS } from "../world/questions.ts";
import { renderScene, type SpriteSet } from "../world/render.ts";
import { sampleScene } from "../world/scenes.ts";
import { type Metadata, TAGS } from "../world/sentences.ts";
import { drawFromSplit, type Splits } from "../world/splits.ts";

/** A picture of a scene, what it shows, and the tag's template question. */
export interface RenderedScene {
  readonly image: ImageU8;
  readonly metadata: Metadata;
  readonly question: string;
  /** Its class pair, class–colour pair or class–count cell never occurred in training. */
  readonly isUnseenComposition: boolean;
  /** The scene's background colour, for the blanked image. */
  readonly background: readonly [number, number, number];
}

/**
 * Draws held-out scenes, the six tags in turn. Scene i depends on the seed and i only.
 * @param count how many
 */
export function renderHeldOutScenes(
  sprites: SpriteSet,
  splits: Splits,
  count: number,
  seed: number,
): RenderedScene[] {
  const { spec } = sprites;
  return Array.from({ length: count }, (_, index) => {
    const rng = createRng(seed, "heldOutScenes", index);
    const tag = TAGS[index % TAGS.length] ?? TAGS[0];
    const metadata = drawFromSplit(spec, splits, "heldout", tag, rng);
    const scene = sampleScene(spec, metadata, rng);
    return {
      image: { width: spec.side, height: spec.side, rgb: renderScene(sprites, scene) },
      metadata,
      question: TEMPLATE_QUESTIONS[tag],
      isUnseenComposition: splits.isHeldOutComposition(metadata),
      background: spec.backgrounds[scene.background] ?? [255, 255, 255],
    };
  });
}
