import { tryLive } from "../../arena/arena.ts";
import { chosenWeights } from "../../arena/contest.ts";
import { PushButton } from "../../components/PushButton.tsx";
import { FailureCard } from "../../failure/FailureCard.tsx";
import { configOf, LESSONS } from "../../lessons/lessons.ts";
import { routeOf } from "../../routes.ts";
import { type Pair, shownPair } from "../../stores/arenaStore.ts";
import { ARENA_WORDS, nameOf } from "../../text/arena.ts";
import { useArena, usePlayground } from "../../usePlayground.ts";
import { useStoredRuns, useWeightsOptions } from "../../useWeights.ts";
import styles from "./ArenaView.module.css";
import { Differences } from "./Differences.tsx";
import type { Compared } from "./differences.ts";
import { History } from "./History.tsx";
import { Setup } from "./Setup.tsx";
import { Stage } from "./Stage.tsx";
import { TallyPanel } from "./TallyPanel.tsx";
import { useIsHidden } from "./useIsHidden.ts";
import { useRecordedPairs } from "./useRecordedPairs.ts";

function RecordedDifferences({ pair, isHidden }: { pair: Pair | null; isHidden: boolean }) {
  const lesson = LESSONS.find(({ title }) => title === pair?.title);
  if (!pair || !lesson) return null;
  const [before, after] = pair.contenders;
  const compared: Compared = {
    names: [nameOf(before), ARENA_WORDS.lessonAfter(lesson.title, after.step)],
    configs: [null, configOf(lesson)],
  };
  return <Differences compared={compared} isHidden={isHidden} />;
}

/** Of what is chosen now, which is also what the sides of the next pair will be. */
function LiveDifferences() {
  const ask = useArena((arena) => arena.ask);
  const weights = chosenWeights(useWeightsOptions(), ask);
  const runs = useStoredRuns();
  const configOfSource = ({ source }: (typeof weights)[number]) =>
    source.of === "run" ? (runs?.find(({ runId }) => runId === source.runId)?.config ?? null) : null;
  const [first, second] = weights;
  const compared: Compared = {
    names: [first.name, second.name],
    configs: [configOfSource(first), configOfSource(second)],
  };
  return <Differences compared={compared} isHidden={false} />;
}

function Recorded() {
  const playground = usePlayground();
  const fetching = useRecordedPairs();
  const pair = useArena((arena) => shownPair(arena, "recorded"));
  const isHidden = useIsHidden(pair);
  const empty = fetching === "unreadable" ? ARENA_WORDS.unreadable : ARENA_WORDS.loading;
  return (
    <div className={styles.view}>
      <Stage
        pair={pair}
        isHidden={isHidden}
        empty={empty}
        aside={
          pair ? (
            <PushButton kind="quiet" onPress={() => tryLive(playground, pair)}>
              {ARENA_WORDS.tryLive}
            </PushButton>
          ) : null
        }
      />
      <div className={styles.side}>
        <TallyPanel pair={pair} />
        <RecordedDifferences pair={pair} isHidden={isHidden} />
      </div>
      <div className={styles.history}>
        <History />
      </div>
    </div>
  );
}

function Live() {
  const pair = useArena((arena) => shownPair(arena, "live"));
  return (
    <div className={styles.view}>
      <Stage pair={pair} isHidden={useIsHidden(pair)} empty={ARENA_WORDS.empty} aside={null} />
      <div className={styles.side}>
        <div className={styles.setup}>
          <Setup />
        </div>
        <TallyPanel pair={pair} />
        <LiveDifferences />
      </div>
      <div className={styles.history}>
        <History />
      </div>
    </div>
  );
}

/** Two states of the model draw the same prompt from the same seed: which is better? */
export function ArenaView() {
  const { source } = usePlayground();
  return (
    <>
      <h1 className="visuallyHidden">{routeOf("arena").title}</h1>
      <FailureCard />
      {source === "recorded" ? <Recorded /> : <Live />}
    </>
  );
}
