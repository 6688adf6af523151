import { LoadButton } from "../../shell/LiveOffer.tsx";
import { LOAD_WORDS } from "../../text/words.ts";
import { useRun } from "../../usePlayground.ts";
import { FileList } from "./FileList.tsx";
import styles from "./LoadPanel.module.css";

/** The live run before there is a model: what it costs to have one, before a byte of it moves. */
export function LoadPanel() {
  const target = useRun((run) => run.target);
  return (
    <section className={styles.panel} aria-label={LOAD_WORDS.offerTitle}>
      <h2 className={styles.title}>{LOAD_WORDS.offerTitle}</h2>
      <p className={styles.story}>{LOAD_WORDS.offerStory(target?.title ?? "The model")}</p>
      <div>
        <LoadButton />
      </div>
      <FileList />
    </section>
  );
}
