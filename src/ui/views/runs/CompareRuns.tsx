import { CONFIG_FIELDS, type ConfigKey, diffConfig } from "../../../engine/config.ts";
import type { RunSummary } from "../../../protocol/events.ts";
import { LineSample } from "../../charts/LineSample.tsx";
import { spellValue } from "../../text/config.ts";
import { formatBytes, formatMoment } from "../../text/numbers.ts";
import { COMPARE_WORDS, RUNS_WORDS } from "../../text/runs.ts";
import styles from "./CompareRuns.module.css";
import { RunCurves } from "./RunCurves.tsx";
import { NOTHING, nameOf } from "./runFacts.ts";
import { type ComparedRun, LINES } from "./runLines.ts";

/** One thing of every run; a share of one is a bar as well. */
function Row({
  label,
  values,
  shares,
}: {
  label: string;
  values: readonly string[];
  shares?: readonly (number | null)[];
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

function Results({ runs }: { runs: readonly RunSummary[] }) {
  const rewards = runs.map(({ rewardMean }) => rewardMean);
  const spelled = rewards.map((reward) => reward?.toFixed(2) ?? NOTHING);
  const { step, reward, size, saved } = RUNS_WORDS.columns;
  return (
    <tbody>
      <Row label={step} values={runs.map((run) => String(run.step))} />
      <Row label={reward} values={spelled} shares={rewards} />
      <Row label={saved} values={runs.map(({ savedAtMs }) => formatMoment(savedAtMs))} />
      <Row label={size} values={runs.map(({ sizeBytes }) => formatBytes(sizeBytes))} />
    </tbody>
  );
}

/** Settings in which not all runs agree, in the recipe's order. */
function differing(runs: readonly RunSummary[]): ConfigKey[] {
  const [first, ...others] = runs;
  const keys = new Set(others.flatMap(({ config }) => (first ? diffConfig(first.config, config) : [])));
  return (Object.keys(CONFIG_FIELDS) as ConfigKey[]).filter((key) => keys.has(key));
}

function Settings({ runs }: { runs: readonly RunSummary[] }) {
  const keys = differing(runs);
  const hasPresets = new Set(runs.map(({ preset }) => preset)).size > 1;
  return (
    <tbody>
      <tr>
        <th colSpan={runs.length + 1} scope="rowgroup" className={styles.group}>
          {keys.length > 0 || hasPresets ? COMPARE_WORDS.settings : COMPARE_WORDS.same}
        </th>
      </tr>
      {hasPresets ? <Row label={COMPARE_WORDS.preset} values={runs.map(({ preset }) => preset)} /> : null}
      {keys.map((key) => (
        <Row
          key={key}
          label={CONFIG_FIELDS[key].label}
          values={runs.map(({ config }) => spellValue(key, config[key]))}
        />
      ))}
    </tbody>
  );
}

/** The legend of the curves is the head of the table. */
function Head({ run, line }: ComparedRun) {
  return (
    <th scope="col" className={styles.name}>
      <LineSample line={line} width={28} />
      {nameOf(run)}
    </th>
  );
}

function Table({ compared }: { compared: readonly ComparedRun[] }) {
  const runs = compared.map(({ run }) => run);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label={COMPARE_WORDS.caption(runs.map(nameOf))}>
      <table className={styles.table}>
        <caption className="visuallyHidden">{COMPARE_WORDS.caption(runs.map(nameOf))}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="visuallyHidden">{COMPARE_WORDS.what}</span>
            </th>
            {compared.map(({ run, line }) => (
              <Head key={run.runId} run={run} line={line} />
            ))}
          </tr>
        </thead>
        <Results runs={runs} />
        <Settings runs={runs} />
      </table>
    </section>
  );
}

/** How runs differ: how they went, what came out, and the settings behind it. The one that began first stands left. */
export function CompareRuns({ compared }: { compared: readonly ComparedRun[] }) {
  const inOrder = [...compared].sort((a, b) => a.run.createdAtMs - b.run.createdAtMs);
  const [first] = inOrder;
  return (
    <section className={styles.compare} aria-label={COMPARE_WORDS.title}>
      {first && inOrder.length > 1 ? (
        <>
          <RunCurves compared={inOrder} />
          <Table compared={inOrder} />
        </>
      ) : (
        <p className={styles.hint} role="status">
          {first ? COMPARE_WORDS.pickOther(nameOf(first.run)) : COMPARE_WORDS.pick(LINES.length)}
        </p>
      )}
    </section>
  );
}
