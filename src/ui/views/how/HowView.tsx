import { type ComponentType, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { EmptyState } from "../../components/EmptyState.tsx";
import { HowSketch } from "../../components/Sketch.tsx";
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

function Stops({ stop, onStop }: { stop: StopId; onStop: (stop: StopId) => void }) {
  const study = useStudy();
  if (!study) return <Empty />;
  const reached = STOP_IDS.indexOf(stop);
  const goTo = (next: StopId) => {
    onStop(next);
    requestAnimationFrame(focusTitle);
  };
  return (
    <>
      <h1 className="visuallyHidden">{routeOf("how").title}</h1>
      <Tabs
        className={styles.view ?? ""}
        selectedKey={stop}
        onSelectionChange={(key) => onStop(STOP_IDS.find((id) => id === key) ?? "prompt")}
      >
        <TabList className={styles.rail ?? ""} aria-label={HOW_WORDS.stops} data-tour="how">
          {STOP_IDS.map((id, at) => (
            <Tab key={id} id={id} className={styles.stop ?? ""} data-seen={at < reached || undefined}>
              <span>{at + 1}</span>
              <span>{STOPS[id].name}</span>
            </Tab>
          ))}
        </TabList>
        {STOP_IDS.map((id) => {
          const View = VIEWS[id];
          return (
            <TabPanel key={id} id={id} className={styles.panel ?? ""}>
              <View study={study} onStop={goTo} />
            </TabPanel>
          );
        })}
      </Tabs>
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
