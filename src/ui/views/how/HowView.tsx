import { EmptyState } from "../../components/EmptyState.tsx";
import { HowSketch } from "../../components/Sketch.tsx";
import { EMPTY_WORDS } from "../../text/words.ts";
import { usePlayground } from "../../usePlayground.ts";

/** One step of learning, stop by stop. */
export function HowView() {
  const { page } = usePlayground();
  return <EmptyState sketch={<HowSketch />} {...EMPTY_WORDS.how} onAction={() => page.navigate("train")} />;
}
