import { FailureCard } from "../../failure/FailureCard.tsx";
import { LiveOffer } from "../../shell/LiveOffer.tsx";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useRun } from "../../usePlayground.ts";
import styles from "./LiveStage.module.css";

/** The live run before it has begun, or after it broke: nothing is loaded before it is asked for. */
export function LiveStage() {
  const hasFailed = useRun((run) => run.failure !== null);
  const title = useRun((run) => run.target?.title ?? "The model");
  return (
    <div className={styles.live}>
      <h1 className={styles.title}>{PRESENT_WORDS.liveTitle}</h1>
      {hasFailed ? (
        <FailureCard />
      ) : (
        <>
          <p className={styles.story}>{PRESENT_WORDS.liveStory(title)}</p>
          <div className={styles.way}>
            <LiveOffer />
          </div>
        </>
      )}
    </div>
  );
}
