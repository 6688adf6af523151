import { useSyncExternalStore } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { FailureCard } from "../../failure/FailureCard.tsx";
import { useRun } from "../../usePlayground.ts";
import { Curves } from "./Curves.tsx";
import { Filmstrip } from "./Filmstrip.tsx";
import { Notices } from "./Notices.tsx";
import { NowPanel } from "./NowPanel.tsx";
import { OpeningPanel } from "./OpeningPanel.tsx";
import { RecipePanel } from "./RecipePanel.tsx";
import { ResumeCard } from "./ResumeCard.tsx";
import { StatusStrip } from "./StatusStrip.tsx";
import styles from "./TrainView.module.css";
import { TransportBar } from "./TransportBar.tsx";

const NARROW = "(max-width: 899px)";

function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(NARROW);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia(NARROW).matches,
  );
}

function Centre() {
  const isOpening = useRun((run) => run.opening !== "ready" && run.opening !== "idle" && run.runId === null);
  return (
    <div className={styles.centre}>
      {isOpening ? <OpeningPanel /> : <NowPanel />}
      <Filmstrip />
    </div>
  );
}

function SideBySide() {
  return (
    <div className={styles.columns}>
      <div className={styles.recipe}>
        <RecipePanel />
      </div>
      <Centre />
      <div className={styles.curves}>
        <Curves />
        <Notices />
      </div>
    </div>
  );
}

function Tabbed() {
  return (
    <Tabs className={styles.tabs ?? ""}>
      <TabList className={styles.tabList ?? ""} aria-label="Parts of the page">
        <Tab id="now" className={styles.tab ?? ""}>
          Now
        </Tab>
        <Tab id="curves" className={styles.tab ?? ""}>
          Curves
        </Tab>
        <Tab id="recipe" className={styles.tab ?? ""}>
          Recipe
        </Tab>
      </TabList>
      <TabPanel id="now">
        <Centre />
      </TabPanel>
      <TabPanel id="curves" className={styles.curves ?? ""}>
        <Curves />
        <Notices />
      </TabPanel>
      <TabPanel id="recipe">
        <RecipePanel />
      </TabPanel>
    </Tabs>
  );
}

/** The live view: watch a model teach itself, and take part. */
export function TrainView() {
  const isNarrow = useIsNarrow();
  return (
    <>
      <TransportBar />
      <main id="main" className={styles.main} tabIndex={-1}>
        <FailureCard />
        <ResumeCard />
        {isNarrow ? <Tabbed /> : <SideBySide />}
      </main>
      <StatusStrip />
    </>
  );
}
