import { useEffect, useReducer } from "react";
import { judgeImages } from "../../actions/judge.ts";
import { ChoiceSelect } from "../../components/ChoiceSelect.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { ShareBar } from "../../components/ShareBar.tsx";
import { WeightsPicker } from "../../components/WeightsPicker.tsx";
import { changePlan, isJudging, isWhole } from "../../judging.ts";
import { JUDGING_WORDS } from "../../text/judging.ts";
import { useMetrics, usePlayground, useRun, useSettings } from "../../usePlayground.ts";
import type { WeightsOption } from "../../weightsOptions.ts";
import styles from "./Controls.module.css";
import { type Contest, type Contestant, useEvaluation } from "./useContest.ts";

/** Odd multiples of each other, so that the prompts of a smaller part are among those of a larger. */
const PROMPT_COUNTS: readonly (number | null)[] = [12, 60, 180, null];
const IMAGES_PER_PROMPT = [1, 2, 4] as const;
const ALL = "all";

/** What B may be besides weights. */
const NOBODY = { key: "none", source: null, group: null, name: JUDGING_WORDS.nobody, progress: "" };

function Pickers({ options, contestants }: Contest) {
  const { stores } = usePlayground();
  const isBusy = useEvaluation(isJudging);
  const [a, b] = contestants;
  const pick = (change: { a?: WeightsOption["source"]; b?: WeightsOption["source"] | "none" }) => {
    const { picked } = stores.evaluation.getState();
    stores.evaluation.setState({ picked: { ...picked, ...change } });
  };
  if (!a) return null;
  return (
    <div className={styles.pickers}>
      <WeightsPicker
        label="A"
        options={options}
        value={a.option}
        isDisabled={isBusy}
        onChange={({ source }) => pick({ a: source })}
      />
      <WeightsPicker
        label="B"
        options={[NOBODY, ...options.filter(({ key }) => key !== a.option.key)]}
        value={b?.option ?? NOBODY}
        isDisabled={isBusy}
        onChange={({ source }) => pick({ b: source ?? "none" })}
      />
    </div>
  );
}

function PlanFields() {
  const { page } = usePlayground();
  const isBusy = useEvaluation(isJudging);
  const { promptCount, imagesPerPrompt } = useSettings((settings) => settings.judging);
  const counts = PROMPT_COUNTS.map((count) => String(count ?? ALL));
  return (
    <div className={styles.plan}>
      <ChoiceSelect
        label={JUDGING_WORDS.prompts}
        help={JUDGING_WORDS.promptsHelp}
        value={String(promptCount ?? ALL)}
        options={Object.fromEntries(
          counts.map((count) => [count, count === ALL ? JUDGING_WORDS.allPrompts : count]),
        )}
        isDisabled={isBusy}
        onChange={(value) => changePlan(page.live, { promptCount: value === ALL ? null : Number(value) })}
      />
      <ChoiceSelect
        label={JUDGING_WORDS.perPrompt}
        help={JUDGING_WORDS.perPromptHelp}
        value={String(imagesPerPrompt)}
        options={Object.fromEntries(IMAGES_PER_PROMPT.map((count) => [String(count), String(count)]))}
        isDisabled={isBusy}
        onChange={(value) => changePlan(page.live, { imagesPerPrompt: Number(value) })}
      />
    </div>
  );
}

/** Seconds an image took in training, learning included: judging takes no longer. Null before the first step. */
function useMostSeconds(): number | null {
  const { stores } = usePlayground();
  useMetrics((metrics) => metrics.version);
  const images = useRun(({ config }) => (config ? config.promptsPerStep * config.groupSize : null));
  const seconds = stores.metrics.getState().columns.last("stepSeconds");
  return seconds === null || images === null ? null : seconds / images;
}

function useSentence(contestants: readonly Contestant[]): string {
  const active = useEvaluation((view) => view.active);
  const isBusy = useEvaluation(isJudging);
  const pace = useEvaluation((view) => view.secondsPerImage);
  const atMost = useMostSeconds();
  const isTraining = useRun((run) => run.state === "running" || run.state === "pausing");
  const known = contestants.flatMap(({ judged }) => judged ?? []);
  const left = known.reduce((sum, { total, done }) => sum + total - done, 0);
  if (isBusy) return JUDGING_WORDS.running(pace === null ? null : left * pace);
  if (active?.fate === "wanted") return JUDGING_WORDS.lookingUp;
  if (known.some(({ outcome }) => outcome === "failed")) return JUDGING_WORDS.failed;
  if (isTraining) return JUDGING_WORDS.willPause;
  if (contestants.every(({ judged, isCurrent }) => isCurrent && isWhole(judged))) return JUDGING_WORDS.whole;
  if (contestants.some(({ isCurrent }) => !isCurrent)) return JUDGING_WORDS.nothingYet;
  const hasBegun = known.some(({ done }) => done > 0);
  if (hasBegun) return JUDGING_WORDS.goOnWith(left, pace === null ? null : left * pace);
  if (pace === null && atMost !== null) return JUDGING_WORDS.leftAtMost(left, left * atMost);
  return JUDGING_WORDS.left(left, pace === null ? null : left * pace);
}

function Progress({ contestant }: { contestant: Contestant }) {
  const { letter, judged, isAccent } = contestant;
  const { done, total } = judged ?? { done: 0, total: 0 };
  return (
    <div className={styles.progress}>
      <span className={styles.letter}>{letter}</span>
      <ShareBar value={done} whole={total} isAccent={isAccent} label={JUDGING_WORDS.progress(letter)} />
      <span className={styles.count}>{total === 0 ? "–" : JUDGING_WORDS.ofTotal(done, total)}</span>
    </div>
  );
}

/** Run, pause and go on; what that takes, and how far it is. */
function Work({ contestants }: Pick<Contest, "contestants">) {
  const playground = usePlayground();
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  // The action reads stores; whatever moves in them may change its words.
  useEffect(() => {
    const { run, evaluation, runs } = playground.page.live.stores;
    const unfollow = [run, evaluation, runs].map((store) => store.subscribe(refresh));
    return () => {
      for (const stop of unfollow) stop();
    };
  }, [playground]);
  const isBusy = useEvaluation(isJudging);
  const isDone = contestants.every(({ judged, isCurrent }) => isCurrent && isWhole(judged));
  const sentence = useSentence(contestants);
  return (
    <div className={styles.work}>
      <span className={styles.run}>
        <PushButton
          kind="main"
          icon={isBusy ? "pause" : isDone ? "good" : "play"}
          shortcut={judgeImages.keys[0]}
          isDisabled={!judgeImages.isEnabled(playground)}
          onPress={() => judgeImages.run(playground)}
        >
          {judgeImages.label(playground)}
        </PushButton>
      </span>
      <div className={styles.state}>
        <p className={styles.sentence}>{sentence}</p>
        <div className={styles.bars}>
          {contestants.map((contestant) => (
            <Progress key={contestant.letter} contestant={contestant} />
          ))}
        </div>
      </div>
    </div>
  );
}

/** Which weights, how much of the test, and the button. */
export function Controls(contest: Contest) {
  return (
    <section className={styles.controls} aria-label={JUDGING_WORDS.choices}>
      <Pickers {...contest} />
      <PlanFields />
      <Work contestants={contest.contestants} />
    </section>
  );
}
