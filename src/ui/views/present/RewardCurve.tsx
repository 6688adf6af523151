import type { CSSProperties } from "react";
import { smooth } from "../../charts/smoothing.ts";
import { PLOTS, type PlotLine } from "../../plots.ts";
import { formatMetric } from "../../text/numbers.ts";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useMetrics, usePlayback, usePlayground, useSettings } from "../../usePlayground.ts";
import { pathOf, placeNames } from "./curve.ts";
import styles from "./RewardCurve.module.css";
import { Waiting } from "./Waiting.tsx";

/** A run shorter than this leaves room on the right. */
const LEAST_STEPS = 10;
/** Least distance of two names, as a share of the height. */
const NAME_GAP = 0.22;
const NAMES: Readonly<Record<string, string>> = {
  rewardMean: PRESENT_WORDS.own,
  judgedMean: PRESENT_WORDS.judge,
};

interface Line extends PlotLine {
  readonly name: string;
  readonly measured: Float32Array;
  readonly smoothed: Float32Array;
  readonly first: number;
  readonly last: number;
}

const isNumber = (value: number): boolean => !Number.isNaN(value);

/** Reward by the model itself and, where one looks on, by the judge; lines without a value are left out. */
function useLines(): { readonly xs: Float32Array; readonly lines: readonly Line[] } {
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const smoothing = useSettings((settings) => settings.smoothing);
  const lines = (PLOTS[0]?.lines ?? []).flatMap((line) => {
    const measured = columns.column(line.metric);
    const smoothed = smooth(measured, smoothing);
    const [first, last] = [smoothed.find(isNumber), smoothed.findLast(isNumber)];
    if (first === undefined || last === undefined) return [];
    return [{ ...line, name: NAMES[line.metric] ?? line.label, measured, smoothed, first, last }];
  });
  return { xs: columns.steps(), lines };
}

/** The same in numbers, for those who do not see the lines. */
function Table({ lines, step }: { lines: readonly Line[]; step: number }) {
  return (
    <div className="visuallyHidden">
      <table>
        <caption>{PRESENT_WORDS.names.curve}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">{PRESENT_WORDS.first}</th>
            <th scope="col">{PRESENT_WORDS.now(step)}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ metric, name, first, last }) => (
            <tr key={metric}>
              <th scope="row">{name}</th>
              <td>{formatMetric(first)}</td>
              <td>{formatMetric(last)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Lines({ xs, lines, end }: { xs: Float32Array; lines: readonly Line[]; end: number }) {
  return (
    <svg
      className={styles.lines}
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      role="img"
      aria-label={PRESENT_WORDS.curveAlt(xs.length)}
    >
      {[0, 50, 100].map((y) => (
        <line key={y} className={styles.rule} x1="0" x2="100" y1={y} y2={y} />
      ))}
      {lines.map(({ metric, colour, isDashed, measured, smoothed }) => (
        <g key={metric} style={{ "--colour": `var(${colour})` } as CSSProperties}>
          <path className={styles.measured} d={pathOf(xs, measured, end)} />
          <path className={styles.line} data-dashed={isDashed || undefined} d={pathOf(xs, smoothed, end)} />
        </g>
      ))}
    </svg>
  );
}

/** Own reward and judged score over all steps, on one plot, with their names at their ends. */
export function RewardCurve() {
  const { source } = usePlayground();
  const { xs, lines } = useLines();
  const recorded = usePlayback((playback) => playback.header?.steps ?? 0);
  const step = xs.at(-1) ?? 0;
  const end = Math.max(LEAST_STEPS, step, source === "recorded" ? recorded : 0);
  if (lines.length === 0) return <Waiting />;
  const tops = placeNames(
    lines.map(({ last }) => last),
    NAME_GAP,
  );
  return (
    <figure className={styles.chart}>
      <div className={styles.yAxis} aria-hidden="true">
        <span>1</span>
        <span>0.5</span>
        <span>0</span>
      </div>
      <Lines xs={xs} lines={lines} end={end} />
      <ul className={styles.names} aria-hidden="true">
        {lines.map(({ metric, colour, name, last }, at) => (
          <li key={metric} style={{ top: `${(tops[at] ?? 0) * 100}%`, color: `var(${colour})` }}>
            <strong>{last.toFixed(2)}</strong> {name}
          </li>
        ))}
      </ul>
      <div className={styles.xAxis} aria-hidden="true">
        <span>0</span>
        <span>
          {end} {PRESENT_WORDS.overSteps}
        </span>
      </div>
      <Table lines={lines} step={step} />
    </figure>
  );
}
