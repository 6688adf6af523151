import type { RunSummary } from "../../../protocol/events.ts";
import { openRun, RUN_MENU, type RunAction } from "../../actions/runActions.ts";
import { ActionMenu } from "../../components/ActionMenu.tsx";
import { Icon } from "../../components/Icon.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { nameByDifference } from "../../runNames.ts";
import { formatBytes, formatMoment } from "../../text/numbers.ts";
import { RUNS_WORDS } from "../../text/runs.ts";
import { useLive } from "../../usePlayground.ts";
import styles from "./RunRow.module.css";
import { NOTHING, nameOf } from "./runFacts.ts";

/** What it is called, what it is, and whether it is open or pinned. */
function Words({ run }: { run: RunSummary }) {
  const isTraining = useLive(({ state }) => state === "running" || state === "pausing");
  const { title, preset, config, createdAtMs } = run;
  const begun = RUNS_WORDS.begun(
    title === null ? RUNS_WORDS.preset(preset) : nameByDifference(run),
    config.seed,
    formatMoment(createdAtMs),
  );
  return (
    <div className={styles.words}>
      <h3 className={styles.name}>
        {run.isPinned ? (
          <span className={styles.pin}>
            <Icon name="pin" size={18} />
            <span className="visuallyHidden">{RUNS_WORDS.pinned}: </span>
          </span>
        ) : null}
        {nameOf(run)}
        {run.isOpen ? (
          <span className={styles.badge}>{isTraining ? RUNS_WORDS.training : RUNS_WORDS.open}</span>
        ) : null}
      </h3>
      <p className={styles.begun}>{begun}</p>
    </div>
  );
}

function Facts({ run }: { run: RunSummary }) {
  const facts = {
    step: String(run.step),
    reward: run.rewardMean?.toFixed(2) ?? NOTHING,
    size: formatBytes(run.sizeBytes),
    saved: formatMoment(run.savedAtMs),
  };
  return (
    <dl className={styles.facts}>
      {Object.entries(facts).map(([key, value]) => (
        <div key={key} className={styles[key]}>
          <dt>{RUNS_WORDS.columns[key as keyof typeof facts]}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A stored run: what it is, how far it came, and what can be done with it. */
export function RunRow(props: {
  run: RunSummary;
  isPicked: boolean;
  /** Whether it can be ticked, too. */
  canPick: boolean;
  isOpening: boolean;
  onPick: (isPicked: boolean) => void;
  onAction: (action: RunAction) => void;
}) {
  const { run, isPicked, canPick, isOpening, onPick, onAction } = props;
  const name = nameOf(run);
  return (
    <li className={styles.row} data-picked={isPicked || undefined}>
      <label className={styles.pick}>
        <input
          type="checkbox"
          checked={isPicked}
          disabled={!isPicked && !canPick}
          onChange={(event) => onPick(event.target.checked)}
        />
        <span className="visuallyHidden">{RUNS_WORDS.compare(name)}</span>
      </label>
      <Words run={run} />
      <Facts run={run} />
      <div className={styles.buttons}>
        <PushButton isDisabled={isOpening} onPress={() => onAction(openRun)}>
          <span className={styles.open}>{isOpening ? RUNS_WORDS.opening : openRun.label(run)}</span>
          <span className="visuallyHidden"> {name}</span>
        </PushButton>
        <ActionMenu
          label={RUNS_WORDS.more(name)}
          icon="more"
          entries={RUN_MENU.map((action) => ({
            id: action.id,
            label: action.label(run),
            icon: action.icon,
            onAction: () => onAction(action),
          }))}
        />
      </div>
    </li>
  );
}
