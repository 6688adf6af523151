import { EmptyState } from "../../components/EmptyState.tsx";
import { GenevalSketch } from "../../components/Sketch.tsx";
import { EMPTY_WORDS } from "../../text/words.ts";
import { usePlayground } from "../../usePlayground.ts";

/** The six tasks, judged by an outsider. */
export function GenevalView() {
  const { page } = usePlayground();
  return (
    <EmptyState sketch={<GenevalSketch />} {...EMPTY_WORDS.geneval} onAction={() => page.navigate("train")} />
  );
}
