import { Icon } from "../../components/Icon.tsx";
import { Panel } from "../../components/Panel.tsx";
import { useMetrics, useRun } from "../../usePlayground.ts";
import { diagnose } from "./diagnose.ts";
import styles from "./Notices.module.css";

/** What the curves mean, in words, with something to try. */
export function Notices() {
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const config = useRun((run) => run.config);
  const notices = config ? diagnose((name) => columns.column(name), config) : [];
  return (
    <Panel title="Notices">
      {notices.length === 0 ? (
        <p className={styles.none}>
          {columns.length === 0
            ? "Advice appears here once the run has something to say."
            : "Nothing to worry about."}
        </p>
      ) : (
        <ul className={styles.list}>
          {notices.map((notice) => (
            <li key={notice.id} className={`${styles.notice} ${styles[notice.tone]}`}>
              <Icon name={notice.tone} />
              <div>
                <p>{notice.title}</p>
                <p className={styles.remedy}>{notice.remedy}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
