import type { CSSProperties, ReactNode } from "react";
import { columnsOf } from "../../groupLayout.ts";
import styles from "./scenes.module.css";

/** As many images of a group as can be seen from the last row. */
const SHOWN = 8;

/** The images of a group, as large as the screen allows. */
export function Tiles({
  size,
  tile,
  hasWords,
}: {
  size: number;
  tile: (at: number) => ReactNode;
  hasWords: boolean;
}) {
  const count = Math.min(size, SHOWN);
  const columns = columnsOf(count);
  const shape = { "--wide": columns, "--rows": Math.ceil(count / columns) } as CSSProperties;
  return (
    <ol className={styles.tiles} style={shape} data-words={hasWords || undefined}>
      {Array.from({ length: count }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place in the group is the image's identity
        <li key={at}>{tile(at)}</li>
      ))}
    </ol>
  );
}
