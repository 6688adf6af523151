import { Panel } from "../../components/Panel.tsx";
import { ARENA_WORDS } from "../../text/arena.ts";
import styles from "./Differences.module.css";
import { type Compared, listDifferences } from "./differences.ts";

/** How the two that meet were trained: the settings in which they differ. */
export function Differences({ compared, isHidden }: { compared: Compared; isHidden: boolean }) {
  const { words, rows } = listDifferences(compared);
  return (
    <Panel title={ARENA_WORDS.differences} className={styles.panel}>
      {isHidden ? (
        <p className={styles.words}>{ARENA_WORDS.afterVote}</p>
      ) : (
        <>
          <p className={styles.words}>{words}</p>
          {rows.length === 0 ? null : (
            <dl className={styles.rows}>
              {rows.map(({ label, before, after }) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>
                    <span className={styles.before}>{before} →</span> {after}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </>
      )}
    </Panel>
  );
}
