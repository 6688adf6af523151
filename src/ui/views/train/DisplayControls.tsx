/** What is said and done about what the group shows: that it is recorded, that it is looked back at, that it stands still. */
import { Button } from "react-aria-components";
import { pauseDisplay } from "../../actions/pauseDisplay.ts";
import { Icon } from "../../components/Icon.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { DISPLAY_WORDS, LOOK_WORDS } from "../../text/train.ts";
import { SOURCE_WORDS } from "../../text/words.ts";
import { usePlayground, useRun, useSettings } from "../../usePlayground.ts";
import styles from "./NowPanel.module.css";

function BackToNow({ lookedAt }: { lookedAt: number }) {
  const { stores } = usePlayground();
  return (
    <Button
      className={styles.back ?? ""}
      aria-label={`${LOOK_WORDS.step(lookedAt)}: ${LOOK_WORDS.backToNow}`}
      onPress={() => stores.gallery.setState({ selectedStep: null })}
    >
      <Icon name="close" size={16} />
      {LOOK_WORDS.step(lookedAt)}
    </Button>
  );
}

function Freeze() {
  const playground = usePlayground();
  const isStill = useSettings((settings) => settings.isDisplayPaused);
  // Enabling follows the run.
  useRun((run) => `${run.state} ${run.runId}`);
  return (
    <Button
      className={styles.freeze ?? ""}
      aria-label={DISPLAY_WORDS.pause}
      aria-keyshortcuts={pauseDisplay.keys[0]}
      aria-pressed={isStill}
      isDisabled={!pauseDisplay.isEnabled(playground)}
      onPress={() => pauseDisplay.run(playground)}
    >
      <Icon name="still" />
    </Button>
  );
}

/** Beside the phases. */
export function NowSide({ lookedAt }: { lookedAt: number | null }) {
  const { source } = usePlayground();
  return (
    <div className={styles.side}>
      {lookedAt === null ? null : <BackToNow lookedAt={lookedAt} />}
      {source === "live" ? <Freeze /> : null}
      {source === "recorded" && lookedAt === null ? (
        <span className={styles.badge} title={SOURCE_WORDS.badgeHelp}>
          {SOURCE_WORDS.badge}
        </span>
      ) : null}
    </div>
  );
}

/** Says that what is below does not move, and lets it move again. */
export function DisplayPaused() {
  const { stores, source } = usePlayground();
  const isStill = useSettings((settings) => settings.isDisplayPaused);
  if (!isStill || source !== "live") return null;
  return (
    <div className={styles.still} role="status">
      <span>{DISPLAY_WORDS.still}</span>
      <PushButton kind="quiet" onPress={() => stores.settings.setState({ isDisplayPaused: false })}>
        {DISPLAY_WORDS.goOn}
      </PushButton>
    </div>
  );
}
