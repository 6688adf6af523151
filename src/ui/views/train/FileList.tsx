import type { FileProgress } from "../../stores/runStore.ts";
import { formatBytes } from "../../text/numbers.ts";
import { LOAD_WORDS } from "../../text/words.ts";
import styles from "./FileList.module.css";

/** The files of a download, each with its bytes. */
export function FileList({ files }: { files: readonly FileProgress[] }) {
  return (
    <ul className={styles.files} aria-label={LOAD_WORDS.files}>
      {files.map(({ file, loadedBytes, totalBytes }) => (
        <li key={file} className={styles.file} data-done={loadedBytes >= totalBytes || undefined}>
          <span className={styles.name}>{file}</span>
          <span>
            {loadedBytes >= totalBytes
              ? formatBytes(totalBytes)
              : `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
