import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
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

const TABS = { now: "Now", curves: "Curves", recipe: "Recipe" } as const;

function Tabbed() {
  const { page } = usePlayground();
  const part = usePage((view) => view.part);
  return (
    <Tabs
      className={styles.tabs ?? ""}
      selectedKey={part}
      onSelectionChange={(key) => page.store.setState({ part: key as keyof typeof TABS })}
    >
      <TabList className={styles.tabList ?? ""} aria-label="Parts of the page">
        {Object.entries(TABS).map(([id, title]) => (
          <Tab key={id} id={id} className={styles.tab ?? ""}>
            {title}
          </Tab>
        ))}
      </TabList>
      <TabPanel id="now" className={styles.centre ?? ""}>
        <Stage />
        <Guide />
        <Strip />
      </TabPanel>
      <TabPanel id="curves" className={styles.curves ?? ""}>
        <Readings />
      </TabPanel>
      <TabPanel id="recipe">
        <Recipe />
      </TabPanel>
    </Tabs>
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
