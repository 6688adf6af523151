import { help } from "../actions/help.ts";
import { theme } from "../actions/theme.ts";
import { PushButton } from "../components/PushButton.tsx";
import { ROUTES } from "../routes.ts";
import { ShareMenu } from "../sharing/ShareMenu.tsx";
import { usePage, usePlayground, useSettings } from "../usePlayground.ts";
import styles from "./Header.module.css";
import { LessonMenu } from "./LessonMenu.tsx";

function Brand() {
  return (
    <a className={styles.brand} href="#/train">
      <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
        <rect x="1" y="1" width="9" height="9" rx="2.5" fill="var(--accent)" />
        <rect x="12" y="1" width="9" height="9" rx="2.5" fill="var(--accent)" opacity=".35" />
        <rect x="1" y="12" width="9" height="9" rx="2.5" fill="var(--accent)" opacity=".6" />
        <rect x="12" y="12" width="9" height="9" rx="2.5" fill="var(--minus)" />
      </svg>
      <span className={styles.name}>UniRL</span>
    </a>
  );
}

function Navigation() {
  const view = usePage((page) => page.view);
  return (
    <nav className={styles.nav} aria-label="Views">
      <ul className={styles.links}>
        {ROUTES.map(({ id, title, keys }) => (
          <li key={id}>
            <a
              className={styles.link}
              href={`#/${id}`}
              aria-current={id === view ? "page" : undefined}
              aria-keyshortcuts={keys[0]}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Brand, views, lesson and the page's own tools; the same on every view. */
export function Header() {
  const playground = usePlayground();
  const isDark = useSettings((settings) => settings.theme === "dark");
  const hidden = usePage((page) => page.hidden);
  return (
    <header className={styles.header}>
      <Brand />
      <Navigation />
      <div className={styles.tools}>
        {hidden.includes("lesson") ? null : <LessonMenu />}
        {hidden.includes("share") ? null : <ShareMenu />}
        <PushButton icon="help" kind="quiet" isIconOnly shortcut="?" onPress={() => help.run(playground)}>
          {help.label(playground)}
        </PushButton>
        <PushButton
          icon={isDark ? "sun" : "moon"}
          kind="quiet"
          isIconOnly
          shortcut="t"
          onPress={() => theme.run(playground)}
        >
          {theme.label(playground)}
        </PushButton>
      </div>
    </header>
  );
}
