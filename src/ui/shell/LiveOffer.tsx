import { PushButton } from "../components/PushButton.tsx";
import { formatBytes } from "../text/numbers.ts";
import { LOAD_WORDS } from "../text/words.ts";
import { useLoading } from "../useLoading.ts";
import { useLive, usePlayground } from "../usePlayground.ts";
import styles from "./LiveOffer.module.css";

/** The download under way: how much, how long still, and a way to stop it. */
function Progress() {
  const { page } = usePlayground();
  const isDownloading = useLive((run) => run.opening === "download");
  const { loadedBytes, totalBytes, files, secondsLeft } = useLoading();
  const perFile = files.map(
    ({ file, loadedBytes: loaded, totalBytes: total }) =>
      `${file}: ${formatBytes(loaded)} of ${formatBytes(total)}`,
  );
  return (
    <div className={styles.progress}>
      <div className={styles.words} title={perFile.join("\n")}>
        {isDownloading ? (
          <>
            <span>{LOAD_WORDS.bytes(loadedBytes, totalBytes)}</span>
            <span className={styles.left}>{secondsLeft === null ? "" : LOAD_WORDS.left(secondsLeft)}</span>
          </>
        ) : (
          <span>{LOAD_WORDS.preparing}</span>
        )}
        <progress
          className={styles.bar}
          aria-label={LOAD_WORDS.progress}
          max={Math.max(1, totalBytes)}
          value={isDownloading ? Math.min(loadedBytes, totalBytes) : undefined}
        />
      </div>
      {isDownloading ? (
        <PushButton icon="close" kind="quiet" isIconOnly onPress={() => page.live.session.cancelOpening()}>
          {LOAD_WORDS.cancel}
        </PushButton>
      ) : null}
    </div>
  );
}

/** The way from a recording to the live run: load the model, watch it come, play. */
export function LiveOffer() {
  const { page } = usePlayground();
  const opening = useLive((run) => run.opening);
  const hasFailed = useLive((run) => run.failure !== null && run.opening !== "ready");
  const hasBegun = useLive((run) => run.step > 0 || run.activeStep !== null);
  const target = useLive((run) => run.target);
  const { loadedBytes, totalBytes } = useLoading();
  if (hasFailed) {
    return <PushButton onPress={() => void page.show("live")}>{LOAD_WORDS.failed}</PushButton>;
  }
  if (opening === "ready") {
    return hasBegun ? (
      <PushButton kind="main" onPress={() => void page.show("live")}>
        {LOAD_WORDS.back}
      </PushButton>
    ) : (
      <PushButton kind="main" icon="play" onPress={() => page.playLive()}>
        {LOAD_WORDS.play}
      </PushButton>
    );
  }
  if (opening !== "idle") return <Progress />;
  const words = target ? LOAD_WORDS.load(target.bytes) : LOAD_WORDS.loadUnknown;
  return (
    <PushButton kind="main" onPress={() => void page.live.session.open()}>
      {loadedBytes > 0 ? LOAD_WORDS.goOn(loadedBytes, totalBytes) : words}
    </PushButton>
  );
}
