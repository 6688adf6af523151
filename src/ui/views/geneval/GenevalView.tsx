import { useMemo } from "react";
import { EmptyState } from "../../components/EmptyState.tsx";
import { GenevalSketch } from "../../components/Sketch.tsx";
import { FailureCard } from "../../failure/FailureCard.tsx";
import { LiveOffer } from "../../shell/LiveOffer.tsx";
import { JUDGING_WORDS } from "../../text/judging.ts";
import { PlaygroundContext, usePlayground, useRun } from "../../usePlayground.ts";
import { useIsOpen } from "../../useWeights.ts";
import { Controls } from "./Controls.tsx";
import styles from "./GenevalView.module.css";
import { Opinions } from "./Opinions.tsx";
import { Pictures } from "./Pictures.tsx";
import { Scores } from "./Scores.tsx";
import { useContest, useLookUp } from "./useContest.ts";

function Judgements() {
  const contest = useContest();
  useLookUp(contest);
  const { contestants } = contest;
  return (
    <>
      <Controls {...contest} />
      <Scores contestants={contestants} />
      <Opinions contestants={contestants} />
      <Pictures contestants={contestants} />
    </>
  );
}

/** Some worlds have none: there is no score then, and no button for one. */
function NoJudge() {
  const { page } = usePlayground();
  return (
    <EmptyState
      sketch={<GenevalSketch />}
      title={JUDGING_WORDS.noJudgeTitle}
      story={JUDGING_WORDS.noJudge}
      action={JUDGING_WORDS.noJudgeAction}
      onAction={() => page.navigate("train")}
    />
  );
}

function Opened() {
  const hasJudge = useRun((run) => run.target?.hasJudge ?? true);
  if (!hasJudge) return <NoJudge />;
  return (
    <div className={styles.view}>
      <FailureCard />
      <header className={styles.head}>
        <h1 className={styles.title}>{JUDGING_WORDS.title}</h1>
        <p className={styles.story}>{JUDGING_WORDS.story}</p>
      </header>
      <Judgements />
    </div>
  );
}

/** Two states of the model before an outside judge: GenEval's six tasks, failures first. */
export function GenevalView() {
  const playground = usePlayground();
  const isOpen = useIsOpen();
  // Judged is what lives here, whichever run is shown elsewhere.
  const live = useMemo(
    () => ({ ...playground, source: "live" as const, ...playground.page.live }),
    [playground],
  );
  return (
    <PlaygroundContext value={live}>
      {isOpen ? (
        <Opened />
      ) : (
        <EmptyState
          sketch={<GenevalSketch />}
          title={JUDGING_WORDS.title}
          story={`${JUDGING_WORDS.story} ${JUDGING_WORDS.needsModel}`}
        >
          <LiveOffer />
        </EmptyState>
      )}
    </PlaygroundContext>
  );
}
