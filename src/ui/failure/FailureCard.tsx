import { useState } from "react";
import { Icon } from "../components/Icon.tsx";
import { PushButton } from "../components/PushButton.tsx";
import type { Playground } from "../playground.ts";
import type { Failure } from "../stores/runStore.ts";
import { usePlayground, useRun } from "../usePlayground.ts";
import styles from "./FailureCard.module.css";
import { type Card, FAILURE_CARDS, type Remedy } from "./failureCards.ts";

const REMEDY_WORDS: Record<Remedy, string> = {
  reconnect: "Reconnect",
  useWasm: "Use WebAssembly",
  newRun: "Start a new run",
  reload: "Reload the page",
  copyReport: "Copy report",
  dismiss: "Go on",
};

/** What a person can paste into a bug report. */
export function writeReport(playground: Playground, failure: Failure): string {
  const { run, device } = playground.stores;
  const { runId, preset, config, step, model, target } = run.getState();
  const report = {
    error: failure.error,
    failedAtStep: failure.step,
    run: { runId, preset, config, finishedSteps: step },
    model: model ?? target,
    ...device.getState(),
    browser: navigator.userAgent,
    address: location.href,
  };
  return JSON.stringify(report, null, 2);
}

function applyRemedy(remedy: Exclude<Remedy, "copyReport">, playground: Playground): void {
  const { session, stores } = playground;
  switch (remedy) {
    case "reconnect":
      session.reconnect(stores.device.getState().backend?.backend ?? "auto");
      break;
    case "useWasm":
      session.reconnect("wasm");
      break;
    case "newRun":
      stores.run.setState({ failure: null });
      session.startRun();
      break;
    case "reload":
      location.reload();
      break;
    case "dismiss":
      stores.run.setState({ failure: null });
      break;
    default:
      remedy satisfies never;
  }
}

function CopyReport({ failure }: { failure: Failure }) {
  const playground = usePlayground();
  const [words, setWords] = useState(REMEDY_WORDS.copyReport);
  const copy = () => {
    navigator.clipboard.writeText(writeReport(playground, failure)).then(
      () => setWords("Copied"),
      () => setWords("Copying is not allowed here"),
    );
  };
  return (
    <PushButton kind="quiet" onPress={copy}>
      {words}
    </PushButton>
  );
}

/** What went wrong, above everything else; finished steps stay visible below it. */
export function FailureCard() {
  const playground = usePlayground();
  const failure = useRun((run) => run.failure);
  const finished = useRun((run) => run.step);
  if (!failure) return null;
  const card: Card = FAILURE_CARDS[failure.error.code];
  return (
    <section className={styles.card} role="alert" data-code={failure.error.code}>
      <span className={styles.icon}>
        <Icon name="warning" size={24} />
      </span>
      <div>
        <h2 className={styles.title}>{card.title}</h2>
        <p>{card.story}</p>
        <p className={styles.message}>
          {failure.error.message}
          {finished > 0 ? ` Step ${finished} is the last finished one.` : ""}
        </p>
        <div className={styles.buttons}>
          {card.remedies.map((remedy, at) =>
            remedy === "copyReport" ? (
              <CopyReport key={remedy} failure={failure} />
            ) : (
              <PushButton
                key={remedy}
                kind={at === 0 ? "main" : "plain"}
                onPress={() => applyRemedy(remedy, playground)}
              >
                {REMEDY_WORDS[remedy]}
              </PushButton>
            ),
          )}
        </div>
      </div>
    </section>
  );
}
