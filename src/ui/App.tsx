import styles from "./App.module.css";
import { help } from "./actions/help.ts";
import { theme } from "./actions/theme.ts";
import { PushButton } from "./components/PushButton.tsx";
import { HelpOverlay } from "./HelpOverlay.tsx";
import { LiveRegion } from "./LiveRegion.tsx";
import type { Playground } from "./playground.ts";
import { ShareMenu } from "./sharing/ShareMenu.tsx";
import { SharingLayer } from "./sharing/SharingLayer.tsx";
import "./theme/tokens.css";
import "./theme/base.css";
import "./theme/range.css";
import { PlaygroundContext, usePlayground, useSettings } from "./usePlayground.ts";
import { TrainView } from "./views/train/TrainView.tsx";

function Header() {
  const playground = usePlayground();
  const isDark = useSettings((settings) => settings.theme === "dark");
  return (
    <header className={styles.header}>
      <h1 className={styles.title}>
        <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
          <rect x="1" y="1" width="9" height="9" rx="2.5" fill="var(--accent)" />
          <rect x="12" y="1" width="9" height="9" rx="2.5" fill="var(--accent)" opacity=".35" />
          <rect x="1" y="12" width="9" height="9" rx="2.5" fill="var(--accent)" opacity=".6" />
          <rect x="12" y="12" width="9" height="9" rx="2.5" fill="var(--minus)" />
        </svg>
        UniRL Playground
      </h1>
      <p className={styles.motto}>Watch a model that draws and looks teach itself, in this browser.</p>
      <div className={styles.tools}>
        <ShareMenu />
        <PushButton icon="help" kind="quiet" isIconOnly shortcut="?" onPress={() => help.run(playground)}>
          {help.label(playground)}
        </PushButton>
        <PushButton
          icon={isDark ? "sun" : "moon"}
          kind="quiet"
          isIconOnly
          onPress={() => theme.run(playground)}
        >
          {theme.label(playground)}
        </PushButton>
      </div>
    </header>
  );
}

export function App({ playground }: { playground: Playground }) {
  return (
    <PlaygroundContext value={playground}>
      <div className={styles.shell}>
        <a className={styles.skip} href="#main">
          Skip to the training view
        </a>
        <Header />
        <TrainView />
      </div>
      <HelpOverlay />
      <LiveRegion />
      <SharingLayer />
    </PlaygroundContext>
  );
}
