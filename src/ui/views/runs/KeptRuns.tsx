import { useState } from "react";
import type { RunSummary } from "../../../protocol/events.ts";
import { openFile } from "../../actions/openFile.ts";
import type { RunAction } from "../../actions/runActions.ts";
import { Icon } from "../../components/Icon.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { LoadButton } from "../../shell/LiveOffer.tsx";
import { RUNS_WORDS } from "../../text/runs.ts";
import { useLive, usePlayground } from "../../usePlayground.ts";
import { CompareRuns } from "./CompareRuns.tsx";
import styles from "./KeptRuns.module.css";
import { DeleteDialog, PinDialog } from "./RunDialogs.tsx";
import { RunRow } from "./RunRow.tsx";
import { useKeptRuns } from "./runFacts.ts";
import { LINES } from "./runLines.ts";
import { useOpening } from "./useOpening.ts";
import { usePicked } from "./usePicked.ts";

/** What stands in the place of the list, and the way on. */
function Waiting({ words, children }: { words: string; children?: React.ReactNode }) {
  return (
    <div className={styles.waiting}>
      <p>{words}</p>
      {children}
    </div>
  );
}

function NotListed() {
  const opening = useLive((run) => run.opening);
  if (opening === "ready") return <Waiting words={RUNS_WORDS.looking} />;
  if (opening !== "idle") return <Waiting words={RUNS_WORDS.coming} />;
  return (
    <Waiting words={RUNS_WORDS.load}>
      <LoadButton />
    </Waiting>
  );
}

function NoRuns() {
  const { page } = usePlayground();
  const train = () => {
    void page.show("live");
    page.navigate("train");
  };
  return (
    <Waiting words={RUNS_WORDS.none}>
      <PushButton onPress={train}>{RUNS_WORDS.train}</PushButton>
    </Waiting>
  );
}

/** The whole page takes what is dropped on it; here it says so, and files can be chosen. */
function DropZone() {
  const playground = usePlayground();
  return (
    <div className={styles.drop}>
      <Icon name="save" size={24} />
      <div className={styles.dropWords}>
        <p className={styles.dropTitle}>{RUNS_WORDS.drop}</p>
        <p className={styles.dropHelp}>{RUNS_WORDS.dropHelp}</p>
      </div>
      <PushButton onPress={() => openFile.run(playground)}>{RUNS_WORDS.choose}</PushButton>
    </div>
  );
}

/** What waits for an answer. */
interface Question {
  readonly asks: RunAction["asks"];
  readonly runId: string;
}

function Asking({ asks, run, onClose }: Pick<Question, "asks"> & { run: RunSummary; onClose: () => void }) {
  return asks === "title" ? (
    <PinDialog run={run} onClose={onClose} />
  ) : (
    <DeleteDialog run={run} onClose={onClose} />
  );
}

function List({ runs }: { runs: readonly RunSummary[] }) {
  const context = usePlayground();
  const opening = useOpening();
  const [question, setQuestion] = useState<Question | null>(null);
  const { compared, pick } = usePicked(runs);
  const asked = runs.find(({ runId }) => runId === question?.runId);
  const act = (action: RunAction, run: RunSummary) => {
    if (action.asks) setQuestion({ asks: action.asks, runId: run.runId });
    else if (action.opens) opening.begin(action, run);
    else action.run(context, run, "");
  };
  return (
    <div className={styles.list}>
      <div className={styles.captions} aria-hidden="true">
        {Object.entries(RUNS_WORDS.columns).map(([key, word]) => (
          <span key={key}>{word}</span>
        ))}
      </div>
      <ul>
        {runs.map((run) => (
          <RunRow
            key={run.runId}
            run={run}
            isPicked={compared.some((other) => other.run === run)}
            canPick={compared.length < LINES.length}
            isOpening={opening.runId === run.runId}
            onPick={(isPicked) => pick(run.runId, isPicked)}
            onAction={(action) => act(action, run)}
          />
        ))}
      </ul>
      <p className={styles.tidy}>{RUNS_WORDS.tidy}</p>
      {runs.length > 1 ? <CompareRuns compared={compared} /> : null}
      {question && asked ? (
        <Asking asks={question.asks} run={asked} onClose={() => setQuestion(null)} />
      ) : null}
    </div>
  );
}

/** The runs that this browser keeps for the open model. */
export function KeptRuns() {
  const runs = useKeptRuns();
  return (
    <Panel title={RUNS_WORDS.keptTitle}>
      {runs === null ? <NotListed /> : runs.length === 0 ? <NoRuns /> : <List runs={runs} />}
      <DropZone />
    </Panel>
  );
}
