import { Button } from "react-aria-components";
import { METRICS } from "../../../protocol/record.ts";
import { DataTable } from "../../charts/DataTable.tsx";
import { LineChart } from "../../charts/LineChart.tsx";
import { smooth } from "../../charts/smoothing.ts";
import { Icon } from "../../components/Icon.tsx";
import { Panel } from "../../components/Panel.tsx";
import { seriesOf } from "../../plotSeries.ts";
import { PLOTS, type Plot } from "../../plots.ts";
import { takeAway } from "../../sharing/sharing.ts";
import { METRIC_NAMES, type MetricColumns } from "../../stores/metricColumns.ts";
import { formatMetric } from "../../text/numbers.ts";
import { SHARE_WORDS } from "../../text/sharing.ts";
import { useGallery, useMetrics, usePlayground, useSettings, useSharing } from "../../usePlayground.ts";
import styles from "./Curves.module.css";

const CHART_HEIGHT = 108;
/** Newest steps listed in the table twin. */
const TABLE_ROWS = 200;

function Reading({
  line,
  columns,
  smoothing,
  isNamed,
}: {
  line: Plot["lines"][number];
  columns: MetricColumns;
  smoothing: number;
  isNamed: boolean;
}) {
  const value = smooth(columns.column(line.metric), smoothing).at(-1);
  return (
    <span className={styles.reading}>
      {isNamed ? (
        <>
          <svg width="11" height="8" aria-hidden="true">
            <line
              x1="0"
              y1="4"
              x2="11"
              y2="4"
              stroke={`var(${line.colour})`}
              strokeWidth="2"
              strokeDasharray={line.isDashed ? "4 3" : undefined}
            />
          </svg>
          <span className={styles.lineName}>{line.label}</span>
        </>
      ) : null}
      <strong>{value === undefined ? "–" : formatMetric(value)}</strong>
    </span>
  );
}

function SavePlot({ title }: { title: string }) {
  const playground = usePlayground();
  const isEmpty = useMetrics((metrics) => metrics.columns.length === 0);
  return (
    <Button
      className={styles.save ?? ""}
      aria-label={SHARE_WORDS.saveCurve(title)}
      isDisabled={isEmpty}
      onPress={() => void takeAway(playground, { kind: "curve", title })}
    >
      <Icon name="picture" size={16} />
    </Button>
  );
}

/** Names the run whose curves are drawn in grey, and lets it go. */
function ComparedWith() {
  const { sharing } = usePlayground();
  const name = useSharing((view) => view.comparison?.name ?? null);
  if (name === null) return null;
  return (
    <p className={styles.compared}>
      <svg width="14" height="8" aria-hidden="true">
        <line x1="0" y1="4" x2="14" y2="4" stroke="var(--edge)" strokeWidth="1.5" />
      </svg>
      <span className={styles.comparedName}>{SHARE_WORDS.compare(name)}</span>
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

function PlotView({ plot }: { plot: Plot }) {
  const { stores } = usePlayground();
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const marks = useMetrics((metrics) => metrics.marks);
  const smoothing = useSettings((settings) => settings.smoothing);
  const themeKey = useSettings((settings) => settings.theme);
  const pick = useGallery((gallery) => gallery.selectedStep);
  const comparison = useSharing((sharing) => sharing.comparison);
  const { xs, series } = seriesOf(plot, columns, comparison);
  const last = plot.lines.map(
    (line) => `${line.label} ${formatMetric(columns.last(line.metric) ?? Number.NaN)}`,
  );
  return (
    <figure className={styles.plot}>
      <figcaption className={styles.caption} title={plot.help}>
        <span className={styles.name}>{plot.title}</span>
        <span className={styles.readings}>
          {plot.lines.map((line) => (
            <Reading
              key={line.metric}
              line={line}
              columns={columns}
              smoothing={smoothing}
              isNamed={plot.lines.length > 1}
            />
          ))}
          <SavePlot title={plot.title} />
        </span>
      </figcaption>
      <LineChart
        label={`${plot.title} over ${columns.length} steps; last: ${last.join(", ")}. The table holds all values.`}
        xs={xs}
        series={series}
        smoothing={smoothing}
        marks={marks.map((mark) => mark.step)}
        pick={pick}
        yFloor={plot.yFloor}
        {...(plot.yRange ? { yRange: plot.yRange } : {})}
        height={CHART_HEIGHT}
        syncKey="steps"
        themeKey={themeKey}
        onPick={(selectedStep) => stores.gallery.setState({ selectedStep })}
      />
    </figure>
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
      caption="All metrics, newest step first"
      columns={["step", ...METRIC_NAMES.map((name) => METRICS[name].label)]}
      rows={rows}
    />
  );
}

function Smoothing() {
  const { stores } = usePlayground();
  const smoothing = useSettings((settings) => settings.smoothing);
  return (
    <label className={styles.smoothing}>
      smooth
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={smoothing}
        style={{ "--share": `${(smoothing / 0.99) * 100}%` } as React.CSSProperties}
        aria-valuetext={`${Math.round(smoothing * 100)} percent of the past`}
        onChange={(event) => stores.settings.setState({ smoothing: event.target.valueAsNumber })}
      />
    </label>
  );
}

/** How the run is going, in four curves or one table. */
export function Curves() {
  const { stores } = usePlayground();
  const isTable = useSettings((settings) => settings.isTableOpen);
  const marks = useMetrics((metrics) => metrics.marks.length);
  return (
    <Panel title="Curves" tourStop="curves" aside={isTable ? null : <Smoothing />}>
      <ComparedWith />
      {isTable ? (
        <CurvesTable />
      ) : (
        <div className={styles.plots}>
          {PLOTS.map((plot) => (
            <PlotView key={plot.title} plot={plot} />
          ))}
        </div>
      )}
      <footer className={styles.foot}>
        <Button
          className={styles.switch ?? ""}
          aria-pressed={isTable}
          onPress={() => stores.settings.setState({ isTableOpen: !isTable })}
        >
          {isTable ? "Show as curves" : "Show as table"}
        </Button>
        <span className={styles.legend}>{!isTable && marks > 0 ? "▲ a setting was changed" : ""}</span>
      </footer>
    </Panel>
  );
}
