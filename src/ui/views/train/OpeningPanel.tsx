import { PushButton } from "../../components/PushButton.tsx";
import type { Opening } from "../../stores/runStore.ts";
import { formatBytes } from "../../text/numbers.ts";
import { LOAD_WORDS } from "../../text/words.ts";
import { useLoading } from "../../useLoading.ts";
import { useDevice, usePlayground, useRun } from "../../usePlayground.ts";
import { FileList } from "./FileList.tsx";
import styles from "./OpeningPanel.module.css";

const STAGES: readonly { stage: Opening; title: string; story: string }[] = [
  { stage: "checking", title: "Look", story: "Finding something to compute with…" },
  {
    stage: "download",
    title: "Download",
    story: "Fetching the model. It is kept by the browser for next time.",
  },
  { stage: "upload", title: "Upload", story: "Moving the weights to where they are computed with…" },
  { stage: "warmUp", title: "Warm up", story: "Warming up. The first step is slow, the next ones are not." },
];

/** What is happening before the first step, in bytes and words. */
export function OpeningPanel() {
  const opening = useRun((run) => run.opening);
  const target = useRun((run) => run.target);
  const files = useRun((run) => run.files);
  const backend = useDevice((device) => device.backend);
  const { page } = usePlayground();
  const { secondsLeft } = useLoading();
  const at = STAGES.findIndex(({ stage }) => stage === opening);
  const loaded = files.reduce((sum, file) => sum + file.loadedBytes, 0);
  const total = Math.max(
    target?.bytes ?? 0,
    files.reduce((sum, file) => sum + file.totalBytes, 0),
    1,
  );
  const isPast = opening === "upload" || opening === "warmUp";
  return (
    <section className={styles.panel} aria-label="Opening the model">
      <p className={styles.kicker}>Opening</p>
      <h2 className={styles.title}>{target?.title ?? "the model"}</h2>
      <p className={styles.story}>{STAGES[at]?.story ?? ""}</p>
      <progress
        className={styles.bar}
        aria-label="Download"
        max={total}
        value={isPast ? total : Math.min(loaded, total)}
      />
      <p className={styles.bytes}>
        <span>{isPast ? formatBytes(total) : `${formatBytes(loaded)} of ${formatBytes(total)}`}</span>
        <span>
          {opening === "download" && secondsLeft !== null ? LOAD_WORDS.left(secondsLeft) : backend?.reason}
        </span>
      </p>
      <div className={styles.stop}>
        <PushButton isDisabled={opening !== "download"} onPress={() => page.live.session.cancelOpening()}>
          {LOAD_WORDS.cancel}
        </PushButton>
      </div>
      <FileList />
      <ol className={styles.stages}>
        {STAGES.map(({ stage, title }, index) => (
          <li
            key={stage}
            className={index <= at ? styles.reached : undefined}
            aria-current={index === at ? "step" : undefined}
          >
            {title}
          </li>
        ))}
      </ol>
    </section>
  );
}
