import { Button } from "react-aria-components";
import { METRICS } from "../../../protocol/record.ts";
import { DataTable } from "../../charts/DataTable.tsx";
import { Icon } from "../../components/Icon.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PLOTS } from "../../plots.ts";
import { METRIC_NAMES } from "../../stores/metricColumns.ts";
import { formatMetric } from "../../text/numbers.ts";
import { SHARE_WORDS } from "../../text/sharing.ts";
import { CURVE_WORDS } from "../../text/train.ts";
import { useMetrics, usePlayground, useSettings, useSharing } from "../../usePlayground.ts";
import { axisOf, X_AXES, type XAxis } from "../../xAxis.ts";
import styles from "./Curves.module.css";
import { PlotView } from "./PlotView.tsx";
import { StepReadings } from "./StepReadings.tsx";

/** Newest steps listed in the table twin. */
const TABLE_ROWS = 200;

/** Names the run whose curves are drawn in grey, and lets it go. */
function ComparedWith() {
  const { sharing } = usePlayground();
  const comparison = useSharing((view) => view.comparison);
  const axis = useSettings((settings) => settings.xAxis);
  if (comparison === null) return null;
  const { name, columns } = comparison;
  return (
    <p className={styles.compared}>
      <svg width="14" height="8" aria-hidden="true">
        <line x1="0" y1="4" x2="14" y2="4" stroke="var(--edge)" strokeWidth="1.5" />
      </svg>
      <span className={styles.comparedName}>
        {axisOf(columns, axis) ? SHARE_WORDS.compare(name) : CURVE_WORDS.notOnAxis(name)}
      </span>
      <Button
        className={styles.save ?? ""}
        aria-label={SHARE_WORDS.stopComparing}
        onPress={() => sharing.store.setState({ comparison: null })}
      >
        <Icon name="close" size={16} />
      </Button>
    </p>
  );
}

function CurvesTable() {
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const steps = Array.from(columns.steps().slice(-TABLE_ROWS)).reverse();
  const rows = steps.map((step, fromEnd) => {
    const at = columns.length - 1 - fromEnd;
    return [
      String(step),
      ...METRIC_NAMES.map((name) => formatMetric(columns.column(name)[at] ?? Number.NaN)),
    ];
  });
  return (
    <DataTable
      caption={CURVE_WORDS.tableTitle}
      columns={["step", ...METRIC_NAMES.map((name) => METRICS[name].label)]}
      rows={rows}
    />
  );
}

function AxisChoice() {
  const { stores } = usePlayground();
  const axis = useSettings((settings) => settings.xAxis);
  return (
    <label className={styles.axis}>
      {CURVE_WORDS.axis}
      <select
        aria-label={CURVE_WORDS.axisLabel}
        value={axis}
        onChange={(event) => stores.settings.setState({ xAxis: event.target.value as XAxis })}
      >
        {X_AXES.map((name) => (
          <option key={name} value={name}>
            {CURVE_WORDS.axes[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Smoothing() {
  const { stores } = usePlayground();
  const smoothing = useSettings((settings) => settings.smoothing);
  return (
    <label className={styles.smoothing}>
      {CURVE_WORDS.smooth}
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={smoothing}
        style={{ "--share": `${(smoothing / 0.99) * 100}%` } as React.CSSProperties}
        aria-valuetext={CURVE_WORDS.smoothValue(smoothing)}
        onChange={(event) => stores.settings.setState({ smoothing: event.target.valueAsNumber })}
      />
    </label>
  );
}

/** What has to be said about the axis and the marks on it. */
function Legend() {
  const marks = useMetrics((metrics) => metrics.marks.length);
  const areImagesKnown = useMetrics((metrics) => metrics.areImagesKnown);
  const axis = useSettings((settings) => settings.xAxis);
  const isGuessed = axis === "images" && !areImagesKnown;
  return (
    <p className={styles.legend}>{isGuessed ? CURVE_WORDS.guessed : marks > 0 ? CURVE_WORDS.changed : ""}</p>
  );
}

/** How the run is going, in four curves or one table. */
export function Curves() {
  const { stores } = usePlayground();
  const isTable = useSettings((settings) => settings.isTableOpen);
  return (
    <Panel title={CURVE_WORDS.title} tourStop="curves" aside={isTable ? null : <Smoothing />}>
      <ComparedWith />
      {isTable ? (
        <CurvesTable />
      ) : (
        <>
          <div className={styles.plots}>
            {PLOTS.map((plot) => (
              <PlotView key={plot.title} plot={plot} />
            ))}
          </div>
          <Legend />
          <StepReadings />
        </>
      )}
      <footer className={styles.foot}>
        <Button
          className={styles.switch ?? ""}
          aria-pressed={isTable}
          onPress={() => stores.settings.setState({ isTableOpen: !isTable })}
        >
          {isTable ? CURVE_WORDS.asCurves : CURVE_WORDS.asTable}
        </Button>
        {isTable ? null : <AxisChoice />}
      </footer>
    </Panel>
  );
}
