import { useState } from "react";
import { Icon } from "../components/Icon.tsx";
import { PushButton } from "../components/PushButton.tsx";
import { offerRollBack } from "../offers.ts";
import type { Playground } from "../playground.ts";
import type { Failure } from "../stores/runStore.ts";
import { useDevice, usePlayground, useRun } from "../usePlayground.ts";
import { ComebackNotice } from "./ComebackNotice.tsx";
import styles from "./FailureCard.module.css";
import { type Card, FAILURE_CARDS, type Remedy } from "./failureCards.ts";
import { fitBudget } from "./fitBudget.ts";

const REMEDY_WORDS: Record<Exclude<Remedy, "fitMemory" | "rollBack">, string> = {
  takeOver: "Take it over here",
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

function applyRemedy(
  remedy: Exclude<Remedy, "copyReport" | "fitMemory" | "rollBack">,
  failure: Failure,
  playground: Playground,
): void {
  const { session, stores } = playground;
  switch (remedy) {
    case "takeOver":
      stores.run.setState({ failure: null });
      session.send({ type: "resumeRun", runId: String(failure.error.data.runId), isForced: true });
      break;
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

/** Another memory budget, and on: a larger one where the run needs it, a smaller one where the device has less. */
function FitMemory({ failure, kind }: { failure: Failure; kind: "main" | "plain" }) {
  const { session, stores } = usePlayground();
  const planned = useDevice((device) => device.memory?.planned);
  const fit = fitBudget(failure.error.data.peak, planned);
  if (!fit) return null;
  const apply = () => {
    stores.run.setState({ failure: null });
    if (fit.isNewRun) {
      session.startRun({ memoryBudget: fit.budget });
      return;
    }
    session.send({ type: "changeConfig", changes: { memoryBudget: fit.budget } });
    session.send({ type: "play" });
  };
  return (
    <PushButton kind={kind} onPress={apply}>
      {fit.words}
    </PushButton>
  );
}

/** The last checkpoint again, and half the learning rate. */
function RollBack({ kind }: { kind: "main" | "plain" }) {
  const { session } = usePlayground();
  const savedStep = useRun((run) => run.savedStep);
  const config = useRun((run) => run.config);
  if (savedStep === null || !config) return null;
  const { words, changes } = offerRollBack(config, savedStep);
  return (
    <PushButton kind={kind} onPress={() => session.send({ type: "rollBack", changes })}>
      {words}
    </PushButton>
  );
}

interface RemedyProps {
  readonly remedy: Remedy;
  readonly failure: Failure;
  readonly kind: "main" | "plain";
}

function RemedyButton({ remedy, failure, kind }: RemedyProps) {
  const playground = usePlayground();
  if (remedy === "copyReport") return <CopyReport failure={failure} />;
  if (remedy === "fitMemory") return <FitMemory failure={failure} kind={kind} />;
  if (remedy === "rollBack") return <RollBack kind={kind} />;
  return (
    <PushButton kind={kind} onPress={() => applyRemedy(remedy, failure, playground)}>
      {REMEDY_WORDS[remedy]}
    </PushButton>
  );
}

/** What went wrong, above everything else, or came right again by itself; finished steps stay visible below it. */
export function FailureCard() {
  const failure = useRun((run) => run.failure);
  const finished = useRun((run) => run.step);
  if (!failure) return <ComebackNotice />;
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
          {card.remedies.map((remedy, at) => (
            <RemedyButton key={remedy} remedy={remedy} failure={failure} kind={at === 0 ? "main" : "plain"} />
          ))}
        </div>
      </div>
    </section>
  );
}
