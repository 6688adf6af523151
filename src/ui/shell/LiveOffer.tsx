import { PushButton } from "../components/PushButton.tsx";
import { LOAD_WORDS } from "../text/words.ts";
import { useLoading } from "../useLoading.ts";
import { useLive, usePage, usePlayground } from "../usePlayground.ts";
import styles from "./LiveOffer.module.css";

/** The download under way: how much, how long still, and a way to stop it. */
function Progress() {
  const { page } = usePlayground();
  const isDownloading = useLive((run) => run.opening === "download");
  const { loadedBytes, totalBytes, parts, secondsLeft } = useLoading();
  const perPart = parts.map((part) => `${part.name}: ${LOAD_WORDS.bytes(part.loadedBytes, part.totalBytes)}`);
  return (
    <div className={styles.progress}>
      <div className={styles.words} title={perPart.join("\n")}>
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

/** Asks for the model; says how many bytes that is before one moves, and goes on where loading was stopped. */
export function LoadButton({ kind = "main" }: { kind?: "main" | "plain" }) {
  const { page } = usePlayground();
  const target = useLive((run) => run.target);
  const { loadedBytes, totalBytes } = useLoading();
  const [load, middle] = LOAD_WORDS.load;
  return (
    <PushButton kind={kind} onPress={() => void page.live.session.open()}>
      {loadedBytes > 0 ? (
        LOAD_WORDS.goOn(loadedBytes, totalBytes)
      ) : (
        <>
          {load}
          <span className={styles.middle}>{middle}</span>
          {target ? LOAD_WORDS.size(target.bytes) : ""}
        </>
      )}
    </PushButton>
  );
}

/** The way from a recording to the live run: load the model, watch it come, play. */
export function LiveOffer() {
  const { page } = usePlayground();
  const opening = useLive((run) => run.opening);
  const hasFailed = useLive((run) => run.failure !== null && run.opening !== "ready");
  // Another view has a main way of its own.
  const kind = usePage(({ view }) => (view === "train" ? "main" : "plain"));
  const hasBegun = useLive((run) => run.step > 0 || run.activeStep !== null);
  if (hasFailed) {
    return <PushButton onPress={() => void page.show("live")}>{LOAD_WORDS.failed}</PushButton>;
  }
  if (opening === "ready") {
    return hasBegun ? (
      <PushButton kind={kind} onPress={() => void page.show("live")}>
        {LOAD_WORDS.back}
      </PushButton>
    ) : (
      <PushButton kind={kind} icon="play" onPress={() => page.playLive()}>
        {LOAD_WORDS.play}
      </PushButton>
    );
  }
  if (opening !== "idle") return <Progress />;
  return <LoadButton kind={kind} />;
}
