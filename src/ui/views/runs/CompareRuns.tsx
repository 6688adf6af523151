import { CONFIG_FIELDS, diffConfig } from "../../../engine/config.ts";
import type { RunSummary } from "../../../protocol/events.ts";
import { spellValue } from "../../text/config.ts";
import { formatBytes, formatMoment } from "../../text/numbers.ts";
import { COMPARE_WORDS, RUNS_WORDS } from "../../text/runs.ts";
import styles from "./CompareRuns.module.css";
import { NOTHING, nameOf } from "./runFacts.ts";

/** Two values of one thing; a share of one is a bar as well. */
function Row({
  label,
  values,
  shares,
}: {
  label: string;
  values: Pair<string>;
  shares?: Pair<number | null>;
}) {
  return (
    <tr>
      <th scope="row">{label}</th>
      {values.map((value, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place says which run it is of
        <td key={at}>
          {value}
          {shares ? (
            <span className={styles.track} aria-hidden="true">
              <span style={{ width: `${(shares[at] ?? 0) * 100}%` }} />
            </span>
          ) : null}
        </td>
      ))}
    </tr>
  );
}

type Pair<T> = readonly [T, T];

const both = <T,>(runs: Pair<RunSummary>, read: (run: RunSummary) => T): Pair<T> => [
  read(runs[0]),
  read(runs[1]),
];

function Results({ runs }: { runs: Pair<RunSummary> }) {
  const rewards = both(runs, ({ rewardMean }) => rewardMean);
  const spellReward = (reward: number | null) => reward?.toFixed(2) ?? NOTHING;
  const { step, reward, size, saved } = RUNS_WORDS.columns;
  return (
    <tbody>
      <Row label={step} values={both(runs, (run) => String(run.step))} />
      <Row label={reward} values={[spellReward(rewards[0]), spellReward(rewards[1])]} shares={rewards} />
      <Row label={saved} values={both(runs, ({ savedAtMs }) => formatMoment(savedAtMs))} />
      <Row label={size} values={both(runs, ({ sizeBytes }) => formatBytes(sizeBytes))} />
    </tbody>
  );
}

function Settings({ runs }: { runs: Pair<RunSummary> }) {
  const keys = diffConfig(runs[0].config, runs[1].config);
  const hasPresets = runs[0].preset !== runs[1].preset;
  return (
    <tbody>
      <tr>
        <th colSpan={3} scope="rowgroup" className={styles.group}>
          {keys.length > 0 || hasPresets ? COMPARE_WORDS.settings : COMPARE_WORDS.same}
        </th>
      </tr>
      {hasPresets ? <Row label={COMPARE_WORDS.preset} values={both(runs, ({ preset }) => preset)} /> : null}
      {keys.map((key) => (
        <Row
          key={key}
          label={CONFIG_FIELDS[key].label}
          values={both(runs, ({ config }) => spellValue(key, config[key]))}
        />
      ))}
    </tbody>
  );
}

function Table({ runs }: { runs: Pair<RunSummary> }) {
  const names = both(runs, nameOf);
  return (
    <table className={styles.table}>
      <caption className="visuallyHidden">{COMPARE_WORDS.caption(...names)}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="visuallyHidden">{COMPARE_WORDS.what}</span>
          </th>
          {runs.map((run) => (
            <th key={run.runId} scope="col" className={styles.name}>
              {nameOf(run)}
            </th>
          ))}
        </tr>
      </thead>
      <Results runs={runs} />
      <Settings runs={runs} />
    </table>
  );
}

/** How two runs differ: what came out, and the settings behind it. The one that began first stands left. */
export function CompareRuns({ runs }: { runs: readonly RunSummary[] }) {
  const [before, after] = [...runs].sort((a, b) => a.createdAtMs - b.createdAtMs);
  return (
    <section className={styles.compare} aria-label={COMPARE_WORDS.title}>
      {before && after ? (
        <Table runs={[before, after]} />
      ) : (
        <p className={styles.hint} role="status">
          {before ? COMPARE_WORDS.pickOther(nameOf(before)) : COMPARE_WORDS.pick}
        </p>
      )}
    </section>
  );
}
