import { useMemo } from "react";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useGallery } from "../../usePlayground.ts";
import { promptsOf } from "./example.ts";
import styles from "./scenes.module.css";
import { useHeld } from "./useHeld.ts";
import { Waiting } from "./Waiting.tsx";

/** As many as can be read from the last row. */
const SHOWN = 4;

/** What the model is asked to draw in a step. */
export function Prompts() {
  const current = useGallery((gallery) => gallery.current);
  const finished = useGallery((gallery) => gallery.finished);
  const held = useHeld(useMemo(() => promptsOf({ current, finished }), [current, finished]));
  if (!held) return <Waiting />;
  const more = held.prompts.length - SHOWN;
  return (
    <ul className={styles.prompts}>
      {held.prompts.slice(0, SHOWN).map((prompt) => (
        <li key={prompt}>“{prompt}”</li>
      ))}
      {more > 0 ? <li className={styles.quiet}>{PRESENT_WORDS.more(more)}</li> : null}
    </ul>
  );
}
