import { formatBytes } from "../../text/numbers.ts";
import { LOAD_WORDS } from "../../text/words.ts";
import { useLoading } from "../../useLoading.ts";
import styles from "./FileList.module.css";

/** The parts of the download, each with its bytes. */
export function FileList() {
  const { parts } = useLoading();
  return (
    <ul className={styles.files} aria-label={LOAD_WORDS.files}>
      {parts.map(({ name, loadedBytes, totalBytes }) => {
        const isUnderWay = loadedBytes > 0 && loadedBytes < totalBytes;
        return (
          <li key={name} className={styles.file} data-under-way={isUnderWay || undefined}>
            <span className={styles.name}>{name}</span>
            <span>{isUnderWay ? LOAD_WORDS.bytes(loadedBytes, totalBytes) : formatBytes(totalBytes)}</span>
            <span className={styles.mark}>{loadedBytes >= totalBytes ? LOAD_WORDS.arrived : ""}</span>
          </li>
        );
      })}
    </ul>
  );
}
