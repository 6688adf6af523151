import { Button } from "react-aria-components";
import { switchSource } from "../actions/switchSource.ts";
import { SOURCE_WORDS } from "../text/words.ts";
import { useLive, usePlayground } from "../usePlayground.ts";
import styles from "./SourceSwitch.module.css";

/** Recorded or live: one click, one key. The dot says that the live run trains, seen or not. */
export function SourceSwitch() {
  const { page, source } = usePlayground();
  const isTraining = useLive((run) => run.state === "running" || run.state === "pausing");
  return (
    <fieldset className={styles.switch} aria-label={SOURCE_WORDS.label}>
      {(["recorded", "live"] as const).map((side) => (
        <Button
          key={side}
          className={styles.side ?? ""}
          aria-pressed={source === side}
          aria-keyshortcuts={switchSource.keys[0]}
          onPress={() => void page.show(side)}
        >
          {side === "live" ? <span className={styles.dot} data-on={isTraining || undefined} /> : null}
          {SOURCE_WORDS[side]}
        </Button>
      ))}
    </fieldset>
  );
}
