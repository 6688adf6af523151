import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import styles from "./App.module.css";
import { HelpOverlay } from "./HelpOverlay.tsx";
import { LiveRegion } from "./LiveRegion.tsx";
import type { PlaygroundHost } from "./playground.ts";
import { routeOf } from "./routes.ts";
import { SharingLayer } from "./sharing/SharingLayer.tsx";
import { Header } from "./shell/Header.tsx";
import { LinkNotice } from "./shell/LinkNotice.tsx";
import { StatusStrip } from "./shell/StatusStrip.tsx";
import { TransportBar } from "./shell/TransportBar.tsx";
import { SKIP } from "./text/words.ts";
import "./theme/tokens.css";
import "./theme/base.css";
import "./theme/range.css";
import { PlaygroundContext, usePage, useSettings } from "./usePlayground.ts";
import { VIEWS } from "./views.ts";

const TourLayer = lazy(() => import("./tour/TourLayer.tsx"));

/** The hash belongs to the views, so this is no link. */
function skipToMain(): void {
  document.getElementById("main")?.focus();
}

/** What every view stands in: one header, one row of controls, one status line. A presentation stands alone. */
function Shell() {
  const view = usePage((page) => page.view);
  const View = VIEWS[view];
  const content = (
    <>
      <LinkNotice />
      <Suspense fallback={<div className={styles.waiting} />}>
        <View />
      </Suspense>
    </>
  );
  if (view === "present") {
    return (
      <main id="main" className={styles.stage} tabIndex={-1} aria-label={routeOf(view).title}>
        {content}
      </main>
    );
  }
  return (
    <div className={styles.shell}>
      <button type="button" className={styles.skip} onClick={skipToMain}>
        {SKIP}
      </button>
      <Header />
      <TransportBar />
      <main id="main" className={styles.main} tabIndex={-1} aria-label={routeOf(view).title}>
        {content}
      </main>
      <StatusStrip />
    </div>
  );
}

/** The guided tour, or its offer to whoever sees the page for the first time and came for nothing else. */
function Tour() {
  const isTaken = useSettings((settings) => settings.tourStop !== null);
  const isKnown = useSettings((settings) => settings.isTourKnown);
  const isFresh = usePage(
    ({ view, source, hidden, problems }) =>
      view === "train" && source === "recorded" && hidden.length === 0 && problems.length === 0,
  );
  if (!isTaken && (isKnown || !isFresh)) return null;
  return (
    <Suspense>
      <TourLayer />
    </Suspense>
  );
}

export function App({ host }: { host: PlaygroundHost }) {
  const playground = useStore(host.shown);
  return (
    <PlaygroundContext value={playground}>
      <Shell />
      <HelpOverlay />
      <Tour />
      <LiveRegion />
      <SharingLayer />
    </PlaygroundContext>
  );
}
