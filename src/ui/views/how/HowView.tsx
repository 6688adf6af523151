import { type ComponentType, useState } from "react";
import { EmptyState } from "../../components/EmptyState.tsx";
import { HowSketch } from "../../components/Sketch.tsx";
import { Tabs } from "../../components/Tabs.tsx";
import { routeOf } from "../../routes.ts";
import { HOW_WORDS, STOPS } from "../../text/how.ts";
import { EMPTY_WORDS } from "../../text/words.ts";
import { usePage, usePlayground, useRun } from "../../usePlayground.ts";
import styles from "./HowView.module.css";
import { TITLE_ID } from "./StopFrame.tsx";
import { STOP_IDS, type StopId } from "./stops.ts";
import { AskStop } from "./stopViews/AskStop.tsx";
import { CompareStop } from "./stopViews/CompareStop.tsx";
import { DrawStop } from "./stopViews/DrawStop.tsx";
import { LearnStop } from "./stopViews/LearnStop.tsx";
import { PromptStop } from "./stopViews/PromptStop.tsx";
import { RewardStop } from "./stopViews/RewardStop.tsx";
import type { StopProps } from "./stopViews/stopProps.ts";
import { useStudy } from "./useStudy.ts";

const VIEWS: Readonly<Record<StopId, ComponentType<StopProps>>> = {
  prompt: PromptStop,
  draw: DrawStop,
  ask: AskStop,
  reward: RewardStop,
  compare: CompareStop,
  learn: LearnStop,
};

function Empty() {
  const { page } = usePlayground();
  const isRunning = useRun((run) => run.state === "running");
  const title = isRunning ? HOW_WORDS.firstTitle : EMPTY_WORDS.how.title;
  const watch = () => page.navigate("train");
  return <EmptyState sketch={<HowSketch />} {...EMPTY_WORDS.how} title={title} onAction={watch} />;
}

/** The button that was pressed has gone with its stop: reading goes on at the top of the next one. */
function focusTitle(): void {
  document.getElementById(TITLE_ID)?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function StopName({ id, at }: { id: StopId; at: number }) {
  return (
    <>
      <span>{at + 1}</span>
      <span>{STOPS[id].name}</span>
    </>
  );
}

function Stops({ stop, onStop }: { stop: StopId; onStop: (stop: StopId) => void }) {
  const study = useStudy();
  if (!study) return <Empty />;
  const reached = STOP_IDS.indexOf(stop);
  const View = VIEWS[stop];
  const goTo = (next: StopId) => {
    onStop(next);
    requestAnimationFrame(focusTitle);
  };
  return (
    <>
      <h1 className="visuallyHidden">{routeOf("how").title}</h1>
      <div className={styles.view}>
        <Tabs
          label={HOW_WORDS.stops}
          items={STOP_IDS.map((id, at) => ({
            id,
            title: <StopName id={id} at={at} />,
            isSeen: at < reached,
          }))}
          selected={stop}
          onSelect={onStop}
          classNames={{ list: styles.rail, tab: styles.stop, panel: styles.panel }}
          tourName="how"
        >
          <View study={study} onStop={goTo} />
        </Tabs>
      </div>
    </>
  );
}

/** One step of learning, stop by stop, on the data of the run that is shown. */
export function HowView() {
  const { source } = usePlayground();
  const lesson = usePage((page) => page.lesson.id);
  const runId = useRun((run) => run.runId);
  const [stop, setStop] = useState<StopId>("prompt");
  // What was tried belongs to one run.
  return <Stops key={`${source}/${lesson}/${runId}`} stop={stop} onStop={setStop} />;
}
