import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useGallery, useRun } from "../../usePlayground.ts";
import { Picture, tileOf } from "../train/GroupTile.tsx";
import styles from "./scenes.module.css";
import { Tiles } from "./Tiles.tsx";

/** A group while it is drawn. */
export function Drawing() {
  const step = useGallery((gallery) => gallery.current ?? gallery.finished);
  const selected = useGallery((gallery) => gallery.selectedGroup);
  const planned = useRun((run) => run.config?.groupSize ?? 8);
  const group = Math.min(selected, Math.max(0, (step?.groups.length ?? 1) - 1));
  const prompt = step?.groups[group]?.drawn.prompt;
  return (
    <>
      <Tiles
        size={step?.groupSize ?? planned}
        hasWords={false}
        tile={(at) => (
          <div className={styles.picture}>
            <Picture tile={tileOf(step, group, at)} at={at} />
          </div>
        )}
      />
      <p className={prompt ? styles.said : styles.quiet}>{prompt ? `“${prompt}”` : PRESENT_WORDS.drawn}</p>
    </>
  );
}
