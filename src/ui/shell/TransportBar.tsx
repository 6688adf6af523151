import type { Action } from "../actions/action.ts";
import { playPause } from "../actions/playPause.ts";
import { reset } from "../actions/reset.ts";
import { resetNewSeed } from "../actions/resetNewSeed.ts";
import { save } from "../actions/save.ts";
import { stepOnce } from "../actions/stepOnce.ts";
import { stepPhase } from "../actions/stepPhase.ts";
import { stop } from "../actions/stop.ts";
import { ActionMenu } from "../components/ActionMenu.tsx";
import type { IconName } from "../components/Icon.tsx";
import { PushButton, type PushButtonProps } from "../components/PushButton.tsx";
import { keyName } from "../text/keyName.ts";
import { formatLeft, formatSeconds } from "../text/numbers.ts";
import { TRANSPORT_WORDS } from "../text/train.ts";
import { useIsNarrow } from "../useIsNarrow.ts";
import { useMetrics, usePlayground, useRun, useSettings } from "../usePlayground.ts";
import { LiveOffer } from "./LiveOffer.tsx";
import { TrainingPace } from "./Pace.tsx";
import { Player } from "./Player.tsx";
import { SourceSwitch } from "./SourceSwitch.tsx";
import styles from "./TransportBar.module.css";

function ActionButton(props: {
  action: Action;
  icon: IconName;
  kind?: PushButtonProps["kind"];
  isIconOnly?: boolean;
}) {
  const playground = usePlayground();
  const { action, icon, kind = "plain", isIconOnly = false } = props;
  return (
    <PushButton
      icon={icon}
      kind={kind}
      isIconOnly={isIconOnly}
      shortcut={action.keys[0] === " " ? "Space" : action.keys[0]}
      isDisabled={!action.isEnabled(playground)}
      onPress={() => action.run(playground)}
    >
      {action.label(playground)}
    </PushButton>
  );
}

/** Other ways to do what the button beside it does. */
function MoreWays({ label, actions }: { label: string; actions: readonly Action[] }) {
  const playground = usePlayground();
  return (
    <ActionMenu
      label={label}
      icon="down"
      iconSize={16}
      className={styles.more}
      isDisabled={!actions.some((action) => action.isEnabled(playground))}
      entries={actions.map((action) => ({
        id: action.id,
        label: TRANSPORT_WORDS.ways[action.id] ?? action.label(playground),
        keyName: keyName(action.keys[0] ?? ""),
        onAction: () => action.run(playground),
      }))}
    />
  );
}

function StepMenu() {
  return <MoreWays label={TRANSPORT_WORDS.moreSteps} actions={[stepOnce, stepPhase]} />;
}

function Readout() {
  const step = useRun((run) => run.activeStep ?? run.step);
  const finished = useRun((run) => run.step);
  const stopRule = useSettings((settings) => settings.stopRule);
  useMetrics((metrics) => metrics.version);
  const { stores } = usePlayground();
  const seconds = stores.metrics.getState().columns.last("stepSeconds");
  const last = stopRule.kind === "step" && stopRule.reachedAt === undefined ? stopRule.amount : null;
  const isEndKnown = last !== null && seconds !== null && last > finished;
  return (
    <dl className={styles.readout}>
      <div>
        <dt>{TRANSPORT_WORDS.step}</dt>
        <dd>
          <span className={styles.step}>{step}</span>
          {last === null ? null : <span className={styles.of}> / {last}</span>}
        </dd>
      </div>
      {isEndKnown ? (
        <div>
          <dt>{TRANSPORT_WORDS.left}</dt>
          <dd>{formatLeft((last - finished) * seconds)}</dd>
        </div>
      ) : (
        <div>
          <dt>{TRANSPORT_WORDS.perStep}</dt>
          <dd>{seconds === null ? "–" : formatSeconds(seconds)}</dd>
        </div>
      )}
    </dl>
  );
}

/** What only a worker has. */
function LiveControls() {
  return (
    <>
      <ActionButton action={stop} icon="stop" />
      <span className={styles.rule} />
      <span className={styles.pair}>
        <ActionButton action={reset} icon="reset" kind="quiet" />
        <span className={styles.quietMore}>
          <MoreWays label={TRANSPORT_WORDS.moreResets} actions={[reset, resetNewSeed]} />
        </span>
      </span>
      <ActionButton action={save} icon="save" kind="quiet" />
    </>
  );
}

/** The row of controls that never moves: of the recording or of the live run, and the change between the two. */
export function TransportBar() {
  const { source } = usePlayground();
  const isNarrow = useIsNarrow();
  const isRunning = useRun((run) => run.state === "running" || run.state === "pausing");
  // Labels and enabling follow the run; one subscription serves all buttons.
  useRun((run) => `${run.state} ${run.runId} ${run.activeStep !== null}`);
  const isRecorded = source === "recorded";
  const change = (
    <div className={styles.change}>
      {isRecorded ? <LiveOffer /> : null}
      {!isRecorded && isNarrow ? <TrainingPace /> : null}
      <SourceSwitch />
    </div>
  );
  return (
    <>
      <section
        className={styles.bar}
        aria-label={isRecorded ? "Playback controls" : "Training controls"}
        data-tour="transport"
      >
        <div className={`${styles.inner} ${isRecorded ? styles.recorded : ""}`}>
          <div className={styles.buttons}>
            <span className={styles.play}>
              <ActionButton
                action={playPause}
                icon={isRunning ? "pause" : "play"}
                kind={isRecorded ? "plain" : "main"}
              />
            </span>
            <span className={styles.pair}>
              <ActionButton action={stepOnce} icon="step" />
              <StepMenu />
            </span>
            {isRecorded ? (
              <ActionButton action={reset} icon="reset" kind="quiet" isIconOnly />
            ) : (
              <LiveControls />
            )}
          </div>
          {isRecorded || isNarrow ? null : <TrainingPace />}
          {isRecorded ? <Player /> : <Readout />}
          {isNarrow ? null : change}
        </div>
      </section>
      {isNarrow ? <div className={styles.below}>{change}</div> : null}
    </>
  );
}
