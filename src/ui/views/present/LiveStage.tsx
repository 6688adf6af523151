import { PushButton } from "../../components/PushButton.tsx";
import { FailureCard } from "../../failure/FailureCard.tsx";
import { LoadButton } from "../../shell/LiveOffer.tsx";
import { isLasting } from "../../stores/runStore.ts";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { LOAD_WORDS } from "../../text/words.ts";
import { useLoading } from "../../useLoading.ts";
import { usePlayground, useRun } from "../../usePlayground.ts";
import styles from "./LiveStage.module.css";

/** The model on its way, to be read from the last row. */
function Loading() {
  const { page } = usePlayground();
  const isDownloading = useRun((run) => run.opening === "download");
  const { loadedBytes, totalBytes } = useLoading();
  return (
    <>
      <p className={styles.story}>
        {isDownloading ? LOAD_WORDS.bytes(loadedBytes, totalBytes) : LOAD_WORDS.preparing}
      </p>
      <progress
        className={styles.bar}
        aria-label={LOAD_WORDS.progress}
        max={Math.max(1, totalBytes)}
        value={isDownloading ? Math.min(loadedBytes, totalBytes) : undefined}
      />
      {isDownloading ? (
        <PushButton kind="quiet" onPress={() => page.live.session.cancelOpening()}>
          {LOAD_WORDS.cancel}
        </PushButton>
      ) : null}
    </>
  );
}

/** The next thing to do: load the model, wait for it, play. */
function WayOn() {
  const { page, session } = usePlayground();
  const opening = useRun((run) => run.opening);
  const hasRun = useRun((run) => run.runId !== null);
  if (opening === "idle") return <LoadButton />;
  if (opening !== "ready") return <Loading />;
  // The run that waits has the settings of the link or the recipe.
  const play = () => (hasRun ? session.send({ type: "play" }) : page.playLive());
  return (
    <PushButton kind="main" icon="play" onPress={play}>
      {LOAD_WORDS.play}
    </PushButton>
  );
}

/** The live run before it has begun, or after it broke: nothing is loaded before it is asked for. */
export function LiveStage() {
  // Without a disk there is still a show.
  const hasFailed = useRun(({ failure }) => failure !== null && !isLasting(failure));
  const title = useRun((run) => run.target?.title ?? "The model");
  return (
    <div className={styles.live}>
      <h1 className={styles.title}>{hasFailed ? PRESENT_WORDS.liveStopped : PRESENT_WORDS.liveTitle}</h1>
      {hasFailed ? (
        <FailureCard />
      ) : (
        <>
          <p className={styles.story}>{PRESENT_WORDS.liveStory(title)}</p>
          <div className={styles.way}>
            <WayOn />
          </div>
        </>
      )}
    </div>
  );
}
