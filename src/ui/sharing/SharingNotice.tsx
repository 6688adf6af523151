import { type ReactNode, useEffect, useId, useRef } from "react";
import { CONFIG_FIELDS, type ConfigKey, diffConfig, type RunConfig } from "../../engine/config.ts";
import type { SharedConfig } from "../../formats/sharedConfig.ts";
import { PushButton } from "../components/PushButton.tsx";
import { FAILURE_CARDS } from "../failure/failureCards.ts";
import { presetNamed } from "../session.ts";
import { spellValue } from "../text/config.ts";
import { IMPORT_WORDS } from "../text/imports.ts";
import { CLOSE } from "../text/words.ts";
import { useLive, usePlayground, useSharing } from "../usePlayground.ts";
import styles from "./SharingNotice.module.css";
import type { Notice } from "./sharingStore.ts";

/** A notice that only says what was done goes by itself. */
const SAID_MS = 6000;

function useClose(): () => void {
  const { sharing } = usePlayground();
  return () => sharing.store.setState({ notice: null });
}

/** A card that somebody asked for: it takes the focus, and gives it back when it goes. */
function Card(props: { title: string; role?: "alert"; children: ReactNode; buttons: ReactNode }) {
  const titleId = useId();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    title.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <section className={styles.card} role={props.role} aria-labelledby={titleId}>
      <h2 ref={title} id={titleId} className={styles.title} tabIndex={-1}>
        {props.title}
      </h2>
      {props.children}
      <div className={styles.buttons}>{props.buttons}</div>
    </section>
  );
}

function Differences({ keys, before, after }: { keys: ConfigKey[]; before: RunConfig; after: RunConfig }) {
  return (
    <>
      <p className={styles.quiet}>{IMPORT_WORDS.differences}</p>
      <dl className={styles.differences}>
        {keys.map((key) => (
          <div key={key}>
            <dt>{CONFIG_FIELDS[key].label}</dt>
            <dd>
              {spellValue(key, before[key])} → <strong>{spellValue(key, after[key])}</strong>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function ConfigFound({ shared }: { shared: SharedConfig }) {
  const { page } = usePlayground();
  const close = useClose();
  const openConfig = useLive((run) => run.config);
  const openModel = useLive((run) => run.model?.modelId ?? run.target?.id ?? null);
  const { modelId, preset, seed, step, config } = shared;
  const keys = openConfig ? diffConfig(openConfig, config) : [];
  const start = () => {
    close();
    void page.show("live");
    page.navigate("train");
    page.live.session.play({ preset: presetNamed(preset), config });
  };
  return (
    <Card
      title={IMPORT_WORDS.configTitle}
      buttons={
        <>
          <PushButton kind="main" onPress={start}>
            {IMPORT_WORDS.useConfig}
          </PushButton>
          <PushButton onPress={close}>{IMPORT_WORDS.keepMine}</PushButton>
        </>
      }
    >
      <p>{IMPORT_WORDS.configFacts(modelId, preset, seed, step)}</p>
      {openModel !== null && openModel !== modelId ? <p>{IMPORT_WORDS.otherModel(openModel)}</p> : null}
      {openConfig && keys.length === 0 ? <p className={styles.quiet}>{IMPORT_WORDS.noDifference}</p> : null}
      {openConfig && keys.length > 0 ? <Differences keys={keys} before={openConfig} after={config} /> : null}
    </Card>
  );
}

function RunImported({ run }: { run: Extract<Notice, { kind: "runImported" }>["run"] }) {
  const { page } = usePlayground();
  const close = useClose();
  const open = () => {
    close();
    void page.show("live");
    page.navigate("train");
    page.live.session.send({ type: "resumeRun", runId: run.runId });
  };
  return (
    <Card
      title={IMPORT_WORDS.runTitle}
      buttons={
        <>
          <PushButton kind="main" onPress={open}>
            {IMPORT_WORDS.openRun(run.step)}
          </PushButton>
          <PushButton onPress={close}>{IMPORT_WORDS.later}</PushButton>
        </>
      }
    >
      <p className={styles.file}>{run.fileName}</p>
      <p>{IMPORT_WORDS.runFacts(run.step, run.rewardMean, run.sizeBytes)}</p>
    </Card>
  );
}

function Refused({
  fileName,
  error,
}: {
  fileName: string;
  error: Extract<Notice, { kind: "refused" }>["error"];
}) {
  const close = useClose();
  return (
    <Card
      role="alert"
      title={fileName === "" ? FAILURE_CARDS[error.code].title : IMPORT_WORDS.refusedTitle}
      buttons={
        <>
          {error.code === "fileTooNew" ? (
            <PushButton kind="main" onPress={() => location.reload()}>
              {IMPORT_WORDS.reload}
            </PushButton>
          ) : null}
          <PushButton onPress={close}>{CLOSE}</PushButton>
        </>
      }
    >
      {fileName === "" ? null : <p className={styles.file}>{fileName}</p>}
      <p data-code={error.code}>{error.message}</p>
      {fileName === "" ? null : <p className={styles.quiet}>{IMPORT_WORDS.nothingChanged}</p>}
    </Card>
  );
}

function CardOf({ notice }: { notice: Notice | null }) {
  switch (notice?.kind) {
    case "configFound":
      return <ConfigFound shared={notice.shared} />;
    case "runImported":
      return <RunImported run={notice.run} />;
    case "refused":
      return <Refused fileName={notice.fileName} error={notice.error} />;
    default:
      return null;
  }
}

/** What came of sharing, in a corner that moves nothing: a word of what is made, or a card that asks what to do. */
export default function SharingNotice() {
  const { sharing } = usePlayground();
  const notice = useSharing((view) => view.notice);
  useEffect(() => {
    if (notice?.kind !== "done") return;
    const timer = setTimeout(() => sharing.store.setState({ notice: null }), SAID_MS);
    return () => clearTimeout(timer);
  }, [notice, sharing]);
  const words = notice?.kind === "busy" || notice?.kind === "done" ? notice.words : "";
  return (
    <div className={styles.place}>
      <div role="status" className={words === "" ? undefined : styles.word} data-kind={notice?.kind}>
        {words}
      </div>
      <CardOf notice={notice} />
    </div>
  );
}
