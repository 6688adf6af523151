import { PushButton } from "../../components/PushButton.tsx";
import { formatClock } from "../../text/numbers.ts";
import { useLive, usePlayground } from "../../usePlayground.ts";
import styles from "./ResumeCard.module.css";

/** Offers the run this browser has kept. */
export function ResumeCard() {
  const { page } = usePlayground();
  const offer = useLive((run) => run.resumeOffer);
  if (!offer) return null;
  const { session } = page.live;
  const resume = () => {
    void page.show("live");
    session.resumeRun();
  };
  const start = () => {
    void page.show("live");
    session.startRun();
  };
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
        <PushButton kind="main" onPress={resume}>
          Continue at step {offer.step}
        </PushButton>
        <PushButton onPress={start}>Start a new run</PushButton>
      </div>
    </section>
  );
}
