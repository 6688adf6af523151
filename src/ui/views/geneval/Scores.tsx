import { useState } from "react";
import { Button } from "react-aria-components";
import type { WireEstimate } from "../../../protocol/events.ts";
import { DataTable } from "../../charts/DataTable.tsx";
import { Panel } from "../../components/Panel.tsx";
import { JUDGING_WORDS, nameTask, TASK_NAMES } from "../../text/judging.ts";
import { useSettings } from "../../usePlayground.ts";
import styles from "./Scores.module.css";
import type { Contestant } from "./useContest.ts";

interface Measured {
  readonly contestant: Contestant;
  readonly estimate: WireEstimate | null;
}

const overallOf = (contestant: Contestant): Measured => ({
  contestant,
  estimate: contestant.judged?.scores?.overall ?? null,
});

const ofTask = (contestant: Contestant, tag: string): Measured => ({
  contestant,
  estimate: contestant.judged?.scores?.tasks.find((task) => task.tag === tag)?.estimate ?? null,
});

const percent = (share: number): string => `${Math.min(1, Math.max(0, share)) * 100}%`;

/** Prompts that all came out alike, as a single one does, say nothing about chance. */
const hasInterval = ({ low, high }: WireEstimate): boolean => high > low;

function Interval({ estimate }: { estimate: WireEstimate }) {
  if (!hasInterval(estimate)) return JUDGING_WORDS.noInterval;
  const { low, high } = estimate;
  return (
    <>
      <span aria-hidden="true">{JUDGING_WORDS.interval(low, high)}</span>
      <span className="visuallyHidden">{JUDGING_WORDS.spokenInterval(low, high)}</span>
    </>
  );
}

/** Of how many tasks the score is the mean: a small part may leave some out. */
function describeOverall(contestants: readonly Contestant[]): string {
  const counts = contestants.flatMap(({ judged }) => judged?.scores?.tasks.length ?? []);
  const fewest = Math.min(...counts, Object.keys(TASK_NAMES).length);
  return fewest < Object.keys(TASK_NAMES).length
    ? JUDGING_WORDS.overallOf(fewest)
    : JUDGING_WORDS.overallHelp;
}

/** A state's score in large. */
function Headline({ contestant, estimate }: Measured) {
  const { letter, name, isAccent } = contestant;
  return (
    <div className={styles.headline} data-accent={isAccent || undefined}>
      <p className={styles.who}>
        <span className={styles.letter}>{letter}</span> {name}
      </p>
      <p className={styles.figure}>
        <strong className={styles.number}>{estimate ? estimate.mean.toFixed(2) : "–"}</strong>
        <span className={styles.range}>{estimate ? <Interval estimate={estimate} /> : null}</span>
      </p>
    </div>
  );
}

/** B − A, once both are judged to the end; before, they are scores of different images. */
function Difference({ contestants }: { contestants: readonly Contestant[] }) {
  const [a, b] = contestants.map(({ judged }) =>
    judged && judged.done >= judged.total ? judged.scores : null,
  );
  if (contestants.length < 2) return null;
  if (!a || !b) return <p className={styles.difference} />;
  const isApart = a.overall.high < b.overall.low || b.overall.high < a.overall.low;
  return (
    <p className={styles.difference}>
      <strong>{JUDGING_WORDS.difference(b.overall.mean - a.overall.mean)}</strong>{" "}
      {isApart ? JUDGING_WORDS.differs.more : JUDGING_WORDS.differs.less}
    </p>
  );
}

function Bar({ contestant, estimate }: Measured) {
  return (
    <div className={styles.lane}>
      <div className={styles.track} aria-hidden="true">
        {estimate ? (
          <>
            <span
              className={styles.bar}
              data-accent={contestant.isAccent || undefined}
              style={{ width: percent(estimate.mean) }}
            />
            {hasInterval(estimate) ? (
              <span
                className={styles.whisker}
                style={{ left: percent(estimate.low), width: percent(estimate.high - estimate.low) }}
              />
            ) : null}
          </>
        ) : null}
      </div>
      <p className={styles.value}>
        <span className="visuallyHidden">{contestant.letter} </span>
        <strong>{estimate ? estimate.mean.toFixed(2) : "–"}</strong>
        {estimate && hasInterval(estimate) ? (
          <span className="visuallyHidden">
            , {JUDGING_WORDS.spokenInterval(estimate.low, estimate.high)},{" "}
          </span>
        ) : null}
        <span className={styles.n}>{estimate ? JUDGING_WORDS.n(estimate.count) : ""}</span>
      </p>
    </div>
  );
}

function Bars({ contestants }: { contestants: readonly Contestant[] }) {
  return (
    <>
      <ul className={styles.tasks}>
        {Object.keys(TASK_NAMES).map((tag) => (
          <li key={tag} className={styles.task}>
            <h3 className={styles.name}>{nameTask(tag)}</h3>
            <div className={styles.lanes}>
              {contestants.map((contestant) => (
                <Bar key={contestant.letter} {...ofTask(contestant, tag)} />
              ))}
            </div>
          </li>
        ))}
      </ul>
      <div className={styles.axis} aria-hidden="true">
        <div className={styles.ticks}>
          {["0", "0.25", "0.5", "0.75", "1"].map((tick) => (
            <span key={tick}>{tick}</span>
          ))}
        </div>
      </div>
    </>
  );
}

function cellsOf({ estimate }: Measured): string[] {
  if (!estimate) return ["–", "–", "0"];
  const { mean, low, high, count } = estimate;
  const interval = hasInterval(estimate) ? JUDGING_WORDS.interval(low, high) : "–";
  return [mean.toFixed(3), interval, String(count)];
}

function Table({ contestants }: { contestants: readonly Contestant[] }) {
  const overall = contestants.flatMap((contestant) => cellsOf(overallOf(contestant)));
  const tasks = Object.keys(TASK_NAMES).map((tag) => [
    nameTask(tag),
    ...contestants.flatMap((contestant) => cellsOf(ofTask(contestant, tag))),
  ]);
  const columns = contestants.flatMap(({ letter }) =>
    JUDGING_WORDS.columns.map((name) => `${letter} ${name}`),
  );
  return (
    <DataTable
      caption={JUDGING_WORDS.table}
      columns={[JUDGING_WORDS.task, ...columns]}
      rows={[[JUDGING_WORDS.overall, ...overall], ...tasks]}
    />
  );
}

/** Who says so, and of how much. */
function Judge({ contestants }: { contestants: readonly Contestant[] }) {
  const { promptCount } = useSettings((settings) => settings.judging);
  const judge = contestants.find(({ judged }) => judged?.judge)?.judged?.judge ?? null;
  const totals = contestants.flatMap(({ judged }) => judged ?? []);
  const [done, total] = [
    totals.reduce((sum, known) => sum + known.done, 0),
    totals.reduce((sum, known) => sum + known.total, 0),
  ];
  const part =
    done < total
      ? JUDGING_WORDS.subset(done, total)
      : promptCount === null
        ? JUDGING_WORDS.wholePlan
        : JUDGING_WORDS.subsetPlan(promptCount);
  return (
    <p className={styles.judge}>
      {judge === null ? "" : <strong>{JUDGING_WORDS.judgedBy(judge)}. </strong>}
      {JUDGING_WORDS.who} {done === 0 ? "" : part}
    </p>
  );
}

/** The score and the six tasks, as bars or as a table. */
export function Scores({ contestants }: { contestants: readonly Contestant[] }) {
  const [isTable, setTable] = useState(false);
  return (
    <Panel title={JUDGING_WORDS.scores} className={styles.panel}>
      <div className={styles.scores}>
        <div className={styles.overall}>
          <h3 className={styles.name}>
            {JUDGING_WORDS.overall} <span className={styles.quiet}>{describeOverall(contestants)}</span>
          </h3>
          {contestants.map((contestant) => (
            <Headline key={contestant.letter} {...overallOf(contestant)} />
          ))}
          <Difference contestants={contestants} />
          <Judge contestants={contestants} />
        </div>
        <div className={styles.chart}>
          {isTable ? <Table contestants={contestants} /> : <Bars contestants={contestants} />}
          <footer className={styles.foot}>
            <span>{isTable ? "" : JUDGING_WORDS.legend}</span>
            <Button className={styles.switch ?? ""} aria-pressed={isTable} onPress={() => setTable(!isTable)}>
              {isTable ? JUDGING_WORDS.asBars : JUDGING_WORDS.asTable}
            </Button>
          </footer>
        </div>
      </div>
    </Panel>
  );
}
