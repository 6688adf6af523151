/** Which GenEval prompts a world can draw at all. */
import type { Metadata } from "../../world/sentences.ts";
import type { WorldSpec } from "../../world/worldSpec.ts";

/**
 * What a prompt asks for that the world lacks, as half a sentence; null when the world has it all. Such a prompt says
 * nothing about a model of that world: report it as skipped, and never count it as right or wrong.
 */
export function outsideWorld(
  metadata: Metadata,
  world: Pick<WorldSpec, "classes" | "colours">,
): string | null {
  for (const { class: name, color } of metadata.include) {
    if (!world.classes.includes(name)) return `the world has no ${name}`;
    if (color !== undefined && !world.colours.includes(color)) return `the world has no ${color}`;
  }
  return null;
}
