import { EmptyState } from "../../components/EmptyState.tsx";
import { ArenaSketch } from "../../components/Sketch.tsx";
import { EMPTY_WORDS } from "../../text/words.ts";
import { usePlayground } from "../../usePlayground.ts";

/** Two models side by side. */
export function ArenaView() {
  const { page } = usePlayground();
  return (
    <EmptyState sketch={<ArenaSketch />} {...EMPTY_WORDS.arena} onAction={() => page.navigate("train")} />
  );
}
