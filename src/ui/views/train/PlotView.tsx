/** One plot with its title, its newest numbers and its way out as a picture. */
import { Button } from "react-aria-components";
import { LineChart } from "../../charts/LineChart.tsx";
import { LineSample } from "../../charts/LineSample.tsx";
import { smooth } from "../../charts/smoothing.ts";
import { Icon } from "../../components/Icon.tsx";
import { seriesOf } from "../../plotSeries.ts";
import type { Plot } from "../../plots.ts";
import { takeAway } from "../../sharing/sharing.ts";
import type { MetricColumns } from "../../stores/metricColumns.ts";
import { formatAxis, formatMetric } from "../../text/numbers.ts";
import { SHARE_WORDS } from "../../text/sharing.ts";
import { CURVE_WORDS } from "../../text/train.ts";
import { useGallery, useMetrics, usePlayground, useSettings, useSharing } from "../../usePlayground.ts";
import { axisOf, INCREMENTS, nearest, placeOf } from "../../xAxis.ts";
import styles from "./Curves.module.css";

const CHART_HEIGHT = 108;

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
          <LineSample line={line} width={11} />
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

/** The steps that are meant on all charts, and what the pointer means there. */
function useSteps(xs: Float32Array, columns: MetricColumns) {
  const { stores } = usePlayground();
  const selectedStep = useGallery((gallery) => gallery.selectedStep);
  const hoveredStep = useGallery((gallery) => gallery.hoveredStep);
  const place = (step: number | null) => (step === null ? null : placeOf(columns, xs, step));
  const stepAt = (x: number) => columns.steps()[nearest(xs, x)] ?? null;
  return {
    pick: place(selectedStep),
    cursor: place(hoveredStep),
    onHover: (x: number | null) => {
      const step = x === null ? null : stepAt(x);
      if (step !== stores.gallery.getState().hoveredStep) stores.gallery.setState({ hoveredStep: step });
    },
    onPick: (x: number) => {
      const step = stepAt(x);
      // Whoever goes to the newest step follows the run again.
      stores.gallery.setState({ selectedStep: step === columns.steps().at(-1) ? null : step });
    },
  };
}

export function PlotView({ plot }: { plot: Plot }) {
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const marks = useMetrics((metrics) => metrics.marks);
  const smoothing = useSettings((settings) => settings.smoothing);
  const axis = useSettings((settings) => settings.xAxis);
  const themeKey = useSettings((settings) => settings.theme);
  const comparison = useSharing((sharing) => sharing.comparison);
  const { xs, series } = seriesOf(plot, columns, comparison, axis);
  const ownXs = axisOf(columns, axis) ?? xs;
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
        label={CURVE_WORDS.plotLabel(plot.title, columns.length, last.join(", "))}
        xs={xs}
        series={series}
        smoothing={smoothing}
        marks={marks.map((mark) => placeOf(columns, ownXs, mark.step))}
        yFloor={plot.yFloor}
        {...(plot.yRange ? { yRange: plot.yRange } : {})}
        height={CHART_HEIGHT}
        syncKey="steps"
        themeKey={themeKey}
        increments={INCREMENTS[axis]}
        formatX={(x) => formatAxis(x, axis)}
        {...useSteps(ownXs, columns)}
      />
    </figure>
  );
}
