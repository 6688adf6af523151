import { EmptyState } from "../../components/EmptyState.tsx";
import { PresentSketch } from "../../components/Sketch.tsx";
import { EMPTY_WORDS } from "../../text/words.ts";
import { usePlayground } from "../../usePlayground.ts";

/** The run on a big screen. */
export function PresentView() {
  const { page } = usePlayground();
  return (
    <EmptyState sketch={<PresentSketch />} {...EMPTY_WORDS.present} onAction={() => page.navigate("train")} />
  );
}
