import { useStore } from "zustand";
import { RUNS_WORDS } from "../../text/runs.ts";
import { usePlayground } from "../../usePlayground.ts";
import styles from "./StorageUse.module.css";

/** What the runs take, and what the browser grants this page; nothing where it does not say. */
export function StorageUse() {
  const { runs, device } = usePlayground().page.live.stores;
  const stored = useStore(runs, (view) => view.runs);
  const memory = useStore(device, (view) => view.memory);
  const promise = useStore(device, (view) => view.promise);
  if (!stored) return null;
  const sizeBytes = stored.reduce((sum, run) => sum + run.sizeBytes, 0);
  const { storageUsedBytes: used = null, storageQuotaBytes: quota = null } = memory ?? {};
  return (
    <section className={styles.use} aria-label={RUNS_WORDS.storage}>
      <p className={styles.total}>{RUNS_WORDS.used(stored.length, sizeBytes)}</p>
      {used === null || quota === null ? null : (
        <>
          <div className={styles.track} aria-hidden="true">
            <span style={{ width: `${Math.min(1, used / quota) * 100}%` }} />
          </div>
          <p className={styles.granted}>{RUNS_WORDS.granted(used, quota)}</p>
        </>
      )}
      {promise === "kept" || promise === "refused" ? (
        <p className={styles.granted}>{RUNS_WORDS.promises[promise]}</p>
      ) : null}
    </section>
  );
}
