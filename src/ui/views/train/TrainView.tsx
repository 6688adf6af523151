import { Tabs } from "../../components/Tabs.tsx";
import { FailureCard } from "../../failure/FailureCard.tsx";
import type { Hideable } from "../../permalink.ts";
import { useIsNarrow } from "../../useIsNarrow.ts";
import { usePage, usePlayground, useRun } from "../../usePlayground.ts";
import { Curves } from "./Curves.tsx";
import { Filmstrip } from "./Filmstrip.tsx";
import { LessonCard } from "./LessonCard.tsx";
import { LoadPanel } from "./LoadPanel.tsx";
import { Notices } from "./Notices.tsx";
import { NowPanel } from "./NowPanel.tsx";
import { OpeningPanel } from "./OpeningPanel.tsx";
import { RecipePanel } from "./RecipePanel.tsx";
import { ResumeCard } from "./ResumeCard.tsx";
import styles from "./TrainView.module.css";

/** What stands in the middle: the step at work, or what has to come before one. */
function Stage() {
  const { source } = usePlayground();
  const opening = useRun((run) => run.opening);
  const hasRun = useRun((run) => run.runId !== null);
  if (source === "recorded" || hasRun || opening === "ready") return <NowPanel />;
  return opening === "idle" ? <LoadPanel /> : <OpeningPanel />;
}

const useIsHidden = (part: Hideable): boolean => usePage(({ hidden }) => hidden.includes(part));

function Guide() {
  return useIsHidden("lesson") ? null : <LessonCard />;
}

function Strip() {
  return useIsHidden("filmstrip") ? null : <Filmstrip />;
}

function Readings() {
  const hasCurves = !useIsHidden("curves");
  const hasNotices = !useIsHidden("notices");
  return (
    <>
      {hasCurves ? <Curves /> : null}
      {hasNotices ? <Notices /> : null}
    </>
  );
}

function Recipe() {
  return useIsHidden("recipe") ? null : <RecipePanel />;
}

function SideBySide() {
  return (
    <div className={styles.columns}>
      <div className={styles.guide}>
        <Guide />
        <Recipe />
      </div>
      <div className={styles.centre}>
        <Stage />
        <Strip />
      </div>
      <div className={styles.curves}>
        <Readings />
      </div>
    </div>
  );
}

const TABS = [
  { id: "now", title: "Now" },
  { id: "curves", title: "Curves" },
  { id: "recipe", title: "Recipe" },
] as const;

function Tabbed() {
  const { page } = usePlayground();
  const part = usePage((view) => view.part);
  const panel = { now: styles.centre, curves: styles.curves, recipe: undefined }[part];
  return (
    <div className={styles.tabs}>
      <Tabs
        label="Parts of the page"
        items={TABS}
        selected={part}
        onSelect={(id) => page.store.setState({ part: id })}
        classNames={{ list: styles.tabList, tab: styles.tab, panel }}
      >
        {part === "now" ? (
          <>
            <Stage />
            <Guide />
            <Strip />
          </>
        ) : null}
        {part === "curves" ? <Readings /> : null}
        {part === "recipe" ? <Recipe /> : null}
      </Tabs>
    </div>
  );
}

/** Watch a model teach itself, recorded or live, and take part. */
export function TrainView() {
  const isNarrow = useIsNarrow();
  return (
    <>
      <h1 className="visuallyHidden">Train</h1>
      <FailureCard />
      <ResumeCard />
      {isNarrow ? <Tabbed /> : <SideBySide />}
    </>
  );
}
