/** The pictures of the group in a row, to choose the one the numbers are about. */
import type { CSSProperties, ReactNode } from "react";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { HOW_WORDS } from "../../text/how.ts";
import styles from "./GroupStrip.module.css";
import type { Study } from "./useStudy.ts";

/** Pictures in a row, where there is room. */
export const MOST_COLUMNS = 8;

export function GroupStrip(props: {
  study: Study;
  /** Below each picture, and part of its name. */
  caption: (at: number) => string;
  /** Instead of the finished picture. */
  picture?: (at: number) => ReactNode;
}) {
  const { study, caption, picture } = props;
  const { images } = study.group.drawn;
  return (
    <ul
      className={styles.strip}
      aria-label={HOW_WORDS.images}
      style={{ "--columns": Math.min(images.length, MOST_COLUMNS) } as CSSProperties}
    >
      {images.map((image, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place in the group is the image's identity
        <li key={at}>
          <button
            type="button"
            className={styles.choice}
            aria-pressed={study.image === at}
            aria-label={`${HOW_WORDS.image(at + 1)}, ${caption(at)}`}
            onClick={() => study.try({ image: at })}
          >
            <span className={styles.picture} aria-hidden="true">
              {picture?.(at) ?? <PixelCanvas image={image} alt="" />}
            </span>
            <span className={styles.caption}>{caption(at)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
