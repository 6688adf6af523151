import { memo, useMemo, useState } from "react";
import { ChoiceSelect } from "../../components/ChoiceSelect.tsx";
import { Icon } from "../../components/Icon.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { isJudging } from "../../judging.ts";
import { saveJudgedCsv, saveJudgedLines } from "../../sharing/saveJudged.ts";
import type { JudgedPicture } from "../../stores/evaluationStore.ts";
import { describePicture, JUDGING_WORDS, nameTask, TASK_NAMES } from "../../text/judging.ts";
import { usePlayground } from "../../usePlayground.ts";
import styles from "./Pictures.module.css";
import { filterRows, type PromptRow, reasonsOf, rowsOf, sortByFailures } from "./promptRows.ts";
import { type Contestant, useEvaluation } from "./useContest.ts";

const PAGE = 12;
const ALL = "all";
/** So few images of a prompt leave room for both states side by side. */
const FEW = 2;

const letterOf = (state: number): string => (state === 0 ? "A" : "B");

function Tile({ picture, state }: { picture: JudgedPicture | null; state: string }) {
  if (!picture) return <div className={styles.tile} data-empty />;
  const words = describePicture(picture, state);
  return (
    <figure className={styles.tile} data-wrong={!picture.correct || undefined} title={words}>
      <div className={styles.frame}>
        {picture.image ? (
          <PixelCanvas image={picture.image} alt={words} />
        ) : (
          <span className={styles.gone} role="img" aria-label={words}>
            {JUDGING_WORDS.notKept}
          </span>
        )}
      </div>
      <figcaption className={styles.verdict} aria-hidden="true">
        <Icon name={picture.correct ? "good" : "close"} size={14} />
        {picture.reward.toFixed(2)}
      </figcaption>
    </figure>
  );
}

function Reasons({ row, states }: { row: PromptRow; states: readonly string[] }) {
  const reasons = reasonsOf(row, states.length);
  if (reasons.length === 0) return null;
  return (
    <ul className={styles.reasons}>
      {reasons.map(({ text, counts }) => {
        const who = counts.flatMap((count, at) =>
          count > 0 ? JUDGING_WORDS.times(letterOf(at), count) : [],
        );
        return (
          <li key={text}>
            <span>{text}</span> <span className={styles.times}>{who.join(", ")}</span>
          </li>
        );
      })}
    </ul>
  );
}

const Prompt = memo(function Prompt({ row, states }: { row: PromptRow; states: readonly string[] }) {
  return (
    <li className={styles.prompt}>
      <h3 className={styles.words}>“{row.prompt}”</h3>
      <p className={styles.about}>
        {nameTask(row.tag)}
        {row.seen ? null : <span title={JUDGING_WORDS.unseenHelp}> · {JUDGING_WORDS.unseen}</span>}
      </p>
      <div className={styles.lines} data-few={row.places.length <= FEW || undefined}>
        {states.map((state, at) => (
          <div key={letterOf(at)} className={styles.line}>
            <span className={styles.letter}>{letterOf(at)}</span>
            <div className={styles.tiles} style={{ "--places": row.places.length } as React.CSSProperties}>
              {row.places.map(({ seed, pictures }) => (
                <Tile key={seed} picture={pictures[at] ?? null} state={state} />
              ))}
            </div>
          </div>
        ))}
      </div>
      <Reasons row={row} states={states} />
    </li>
  );
});

function Files({ contestants }: { contestants: readonly Contestant[] }) {
  const { sharing } = usePlayground();
  const judged = contestants.filter((contestant) => (contestant.judged?.images.length ?? 0) > 0);
  return (
    <section className={styles.files} aria-label={JUDGING_WORDS.files}>
      <PushButton icon="save" isDisabled={judged.length === 0} onPress={() => saveJudgedCsv(sharing, judged)}>
        {JUDGING_WORDS.csv}
      </PushButton>
      {contestants.map((contestant) => (
        <PushButton
          key={contestant.letter}
          icon="save"
          isDisabled={!judged.includes(contestant)}
          onPress={() => saveJudgedLines(sharing, contestant)}
        >
          {JUDGING_WORDS.lines(contestant.letter)}
        </PushButton>
      ))}
    </section>
  );
}

function Filters(props: {
  tag: string | null;
  isWrongOnly: boolean;
  onTag: (tag: string | null) => void;
  onWrongOnly: (isWrongOnly: boolean) => void;
}) {
  return (
    <div className={styles.filters}>
      <div className={styles.task}>
        <ChoiceSelect
          label={JUDGING_WORDS.task}
          help={JUDGING_WORDS.task}
          value={props.tag ?? ALL}
          options={{ [ALL]: JUDGING_WORDS.allTasks, ...TASK_NAMES }}
          isDisabled={false}
          onChange={(value) => props.onTag(value === ALL ? null : value)}
        />
      </div>
      <label className={styles.wrong}>
        <input
          type="checkbox"
          checked={props.isWrongOnly}
          onChange={(event) => props.onWrongOnly(event.target.checked)}
        />
        {JUDGING_WORDS.wrongOnly}
      </label>
    </div>
  );
}

const NONE: readonly JudgedPicture[] = [];

/** Rows as they stand: in the order they come while images are judged, so that nothing jumps, failures first at rest. */
function useRows(contestants: readonly Contestant[]): PromptRow[] {
  const isBusy = useEvaluation(isJudging);
  const [a = NONE, b] = contestants.map(({ judged }) => judged?.images ?? NONE);
  return useMemo(() => {
    const states = b ? [a, b] : [a];
    const rows = rowsOf(states);
    return isBusy ? rows : sortByFailures(rows, states.length);
  }, [a, b, isBusy]);
}

/** Every prompt with its images by both states, the judge's reasons, and files of it all. */
export function Pictures({ contestants }: { contestants: readonly Contestant[] }) {
  const [tag, setTag] = useState<string | null>(null);
  const [isWrongOnly, setWrongOnly] = useState(true);
  const [room, setRoom] = useState(PAGE);
  const all = useRows(contestants);
  const rows = filterRows(all, { tag, isWrongOnly });
  const names = contestants.map(({ name }) => name).join("\n");
  const states = useMemo(() => names.split("\n"), [names]);
  const nothing =
    all.length === 0
      ? JUDGING_WORDS.nothingYet
      : isWrongOnly
        ? JUDGING_WORDS.noneWrong
        : JUDGING_WORDS.noneOfTask;
  return (
    <Panel title={JUDGING_WORDS.pictures}>
      <div className={styles.head}>
        <Filters tag={tag} isWrongOnly={isWrongOnly} onTag={setTag} onWrongOnly={setWrongOnly} />
        <Files contestants={contestants} />
      </div>
      <p className={styles.legend}>{JUDGING_WORDS.legendPictures}</p>
      {rows.length === 0 ? (
        <p className={styles.nothing}>{nothing}</p>
      ) : (
        <ol className={styles.prompts}>
          {rows.slice(0, room).map((row) => (
            <Prompt key={`${row.tag} ${row.prompt}`} row={row} states={states} />
          ))}
        </ol>
      )}
      {rows.length > room ? (
        <div className={styles.more}>
          <PushButton onPress={() => setRoom(room + PAGE)}>
            {JUDGING_WORDS.more(Math.min(PAGE, rows.length - room))}
          </PushButton>
          <span className={styles.legend}>{JUDGING_WORDS.shown(room, rows.length)}</span>
        </div>
      ) : null}
    </Panel>
  );
}
