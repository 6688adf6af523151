/** What is said and done about what the group shows: that it is recorded, that it is looked back at, that it stands still. */
import { Button } from "react-aria-components";
import { Icon } from "../../components/Icon.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { DISPLAY_WORDS, LOOK_WORDS } from "../../text/train.ts";
import { SOURCE_WORDS } from "../../text/words.ts";
import { usePlayground, useSettings } from "../../usePlayground.ts";
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

/** Beside the phases. */
export function NowSide({ lookedAt }: { lookedAt: number | null }) {
  const { source } = usePlayground();
  return (
    <div className={styles.side}>
      {lookedAt === null ? null : <BackToNow lookedAt={lookedAt} />}
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
