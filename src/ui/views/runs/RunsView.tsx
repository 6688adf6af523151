import { useEffect, useMemo, useRef } from "react";
import { FailureCard } from "../../failure/FailureCard.tsx";
import { RUNS_WORDS } from "../../text/runs.ts";
import { PlaygroundContext, useLive, usePlayground } from "../../usePlayground.ts";
import { KeptRuns } from "./KeptRuns.tsx";
import { Recordings } from "./Recordings.tsx";
import styles from "./RunsView.module.css";
import { StorageUse } from "./StorageUse.tsx";

/** What the worker refuses, whichever run is shown elsewhere: here it was asked. */
function LiveFailure() {
  const playground = usePlayground();
  const live = useMemo(
    () => ({ ...playground, ...playground.page.live, source: "live" }) as const,
    [playground],
  );
  const failure = useLive((run) => run.failure);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (failure) place.current?.scrollIntoView({ block: "nearest" });
  }, [failure]);
  return (
    <PlaygroundContext value={live}>
      <div ref={place} className={styles.failure}>
        <FailureCard />
      </div>
    </PlaygroundContext>
  );
}

/** What there is to go on with or to look at: the runs this browser keeps, and the recordings that ship. */
export function RunsView() {
  return (
    <div className={styles.view}>
      <header className={styles.head}>
        <div>
          <h1 className={styles.title}>{RUNS_WORDS.title}</h1>
          <p className={styles.story}>{RUNS_WORDS.story}</p>
        </div>
        <StorageUse />
      </header>
      <LiveFailure />
      <KeptRuns />
      <Recordings />
    </div>
  );
}
