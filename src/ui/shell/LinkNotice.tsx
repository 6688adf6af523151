import { Icon } from "../components/Icon.tsx";
import { PushButton } from "../components/PushButton.tsx";
import { readLink } from "../permalink.ts";
import { describeProblem, LINK_WORDS } from "../text/words.ts";
import { usePage, usePlayground } from "../usePlayground.ts";
import styles from "./LinkNotice.module.css";

/** What a link asked for in vain, and the way on: with the rest of it, or without it. */
export function LinkNotice() {
  const { page } = usePlayground();
  const problems = usePage(({ problems: found }) => found);
  if (problems.length === 0) return null;
  return (
    <section className={styles.notice} role="status" aria-label={LINK_WORDS.title}>
      <Icon name="hint" />
      <ul className={styles.list}>
        {problems.map((problem) => (
          <li key={JSON.stringify(problem)}>{describeProblem(problem)}</li>
        ))}
      </ul>
      <div className={styles.buttons}>
        <PushButton kind="plain" onPress={() => page.store.setState({ problems: [] })}>
          {LINK_WORDS.dismiss}
        </PushButton>
        <PushButton kind="quiet" onPress={() => void page.follow(readLink(""))}>
          {LINK_WORDS.fresh}
        </PushButton>
      </div>
    </section>
  );
}
