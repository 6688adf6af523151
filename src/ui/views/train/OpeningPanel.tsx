import { PushButton } from "../../components/PushButton.tsx";
import { formatBytes } from "../../text/numbers.ts";
import { OPENING_WORDS, STAGE_WORDS } from "../../text/states.ts";
import { LOAD_WORDS } from "../../text/words.ts";
import { useLoading } from "../../useLoading.ts";
import { useDevice, usePlayground, useRun } from "../../usePlayground.ts";
import { FileList } from "./FileList.tsx";
import { ModelPanel } from "./ModelPanel.tsx";
import styles from "./OpeningPanel.module.css";

type Stage = keyof typeof STAGE_WORDS;
const STAGES = Object.keys(STAGE_WORDS) as Stage[];

/** How far the present stage is, as a bar and in words. */
function useProgress(): { label: string; max: number; value: number; words: string } {
  const target = useRun((run) => run.target);
  const files = useRun((run) => run.files);
  const shaders = useRun((run) => run.shaders);
  const opening = useRun((run) => run.opening);
  if (opening === "warmUp" && shaders) {
    const { compiled, total } = shaders;
    return {
      label: STAGE_WORDS.warmUp.title,
      max: total,
      value: compiled,
      words: OPENING_WORDS.shaders(compiled, total),
    };
  }
  const value = files.reduce((sum, file) => sum + file.loadedBytes, 0);
  const known = files.reduce((sum, file) => sum + file.totalBytes, 0);
  const max = Math.max(target?.bytes ?? 0, known, 1);
  if (opening === "upload")
    return { label: STAGE_WORDS.download.title, max, value: max, words: formatBytes(max) };
  const words = `${formatBytes(value)} of ${formatBytes(max)}`;
  return { label: STAGE_WORDS.download.title, max, value: Math.min(value, max), words };
}

/** What is happening before the first step, in bytes and words. */
export function OpeningPanel() {
  const opening = useRun((run) => run.opening);
  const target = useRun((run) => run.target);
  const backend = useDevice((device) => device.backend);
  const { page } = usePlayground();
  const { secondsLeft } = useLoading();
  const { label, max, value, words } = useProgress();
  const at = STAGES.indexOf(opening as Stage);
  const present = STAGES[at];
  return (
    <ModelPanel
      label="Opening the model"
      kicker="Opening"
      title={target?.title ?? "the model"}
      story={present ? STAGE_WORDS[present].story : ""}
    >
      <progress className={styles.bar} aria-label={label} max={max} value={value} />
      <p className={styles.bytes}>
        <span>{words}</span>
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
        {STAGES.map((stage, index) => (
          <li
            key={stage}
            className={index <= at ? styles.reached : undefined}
            aria-current={index === at ? "step" : undefined}
          >
            {STAGE_WORDS[stage].title}
          </li>
        ))}
      </ol>
    </ModelPanel>
  );
}
