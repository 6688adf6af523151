import { Icon } from "../../components/Icon.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import type { Offer } from "../../offers.ts";
import { NOTICE_WORDS } from "../../text/notices.ts";
import { useMetrics, usePlayground, useRun } from "../../usePlayground.ts";
import { diagnose, isTried, type Notice } from "./diagnose.ts";
import styles from "./Notices.module.css";

function OfferButton({ offer }: { offer: Offer }) {
  const { stores, session, source } = usePlayground();
  const isRecorded = source === "recorded";
  const take = () => {
    if (offer.kind === "compare") {
      stores.gallery.setState({ isSwiped: true, pinnedStep: null, selectedStep: null });
      return;
    }
    if (offer.kind === "rollBack") session.send({ type: "rollBack", changes: offer.changes });
    else if (isRecorded || offer.kind === "restart") session.startRun(offer.changes);
    else session.send({ type: "changeConfig", changes: offer.changes });
  };
  const words = offer.kind === "change" && isRecorded ? NOTICE_WORDS.live(offer.words) : offer.words;
  return <PushButton onPress={take}>{words}</PushButton>;
}

function Entry({ notice }: { notice: Notice }) {
  const marks = useMetrics((metrics) => metrics.marks);
  const step = useRun((run) => run.step);
  const { offer } = notice;
  return (
    <li className={`${styles.notice} ${styles[notice.tone]}`} data-notice={notice.id}>
      <Icon name={notice.tone} />
      <div>
        <p>{notice.title}</p>
        <p className={styles.remedy}>{notice.remedy}</p>
        {offer ? (
          <div className={styles.offer}>
            {isTried(offer, marks, step) ? (
              <p className={styles.remedy}>{NOTICE_WORDS.tried}</p>
            ) : (
              <OfferButton offer={offer} />
            )}
          </div>
        ) : null}
      </div>
    </li>
  );
}

/** What the curves mean, in words, with something to do about it. */
export function Notices() {
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const config = useRun((run) => run.config);
  const failure = useRun((run) => run.failure);
  const savedStep = useRun((run) => run.savedStep);
  const notices = config ? diagnose((name) => columns.column(name), config, failure, savedStep) : [];
  return (
    <Panel title={NOTICE_WORDS.title}>
      {notices.length === 0 ? (
        <p className={styles.none}>{columns.length === 0 ? NOTICE_WORDS.waiting : NOTICE_WORDS.none}</p>
      ) : (
        <ul className={styles.list}>
          {notices.map((notice) => (
            <Entry key={notice.id} notice={notice} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
