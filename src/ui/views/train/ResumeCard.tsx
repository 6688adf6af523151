import { PushButton } from "../../components/PushButton.tsx";
import { formatClock } from "../../text/numbers.ts";
import { usePlayground, useRun } from "../../usePlayground.ts";
import styles from "./ResumeCard.module.css";

/** Offers the run this browser has kept. */
export function ResumeCard() {
  const { session } = usePlayground();
  const offer = useRun((run) => run.resumeOffer);
  if (!offer) return null;
  const reward = offer.rewardMean === null ? "" : ` · reward ${offer.rewardMean.toFixed(2)}`;
  return (
    <section className={styles.card} aria-label="Saved run">
      <div>
        <h2 className={styles.title}>Welcome back. Your run is still here.</h2>
        <p className={styles.facts}>
          Step {offer.step}
          {reward} · saved {formatClock(offer.savedAtMs)}
        </p>
      </div>
      <div className={styles.buttons}>
        <PushButton kind="main" onPress={() => session.resumeRun()}>
          Continue at step {offer.step}
        </PushButton>
        <PushButton onPress={() => session.startRun()}>Start a new run</PushButton>
      </div>
    </section>
  );
}
