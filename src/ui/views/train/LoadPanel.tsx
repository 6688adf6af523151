import { LoadButton } from "../../shell/LiveOffer.tsx";
import { LOAD_WORDS } from "../../text/words.ts";
import { useRun } from "../../usePlayground.ts";
import { FileList } from "./FileList.tsx";
import { ModelPanel } from "./ModelPanel.tsx";

/** The live run before there is a model: what it costs to have one, before a byte of it moves. */
export function LoadPanel() {
  const target = useRun((run) => run.target);
  return (
    <ModelPanel
      label={LOAD_WORDS.offerTitle}
      title={LOAD_WORDS.offerTitle}
      story={LOAD_WORDS.offerStory(target?.title ?? "The model")}
    >
      <div>
        <LoadButton />
      </div>
      <FileList />
    </ModelPanel>
  );
}
