/** All numbers of one step: of the one under the pointer, else the one looked at, else the newest. */
import { METRICS } from "../../../protocol/record.ts";
import { METRIC_NAMES } from "../../stores/metricColumns.ts";
import { formatMetric } from "../../text/numbers.ts";
import { CURVE_WORDS } from "../../text/train.ts";
import { useGallery, useMetrics } from "../../usePlayground.ts";
import { axisOf } from "../../xAxis.ts";
import styles from "./StepReadings.module.css";

export function StepReadings() {
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const meant = useGallery((gallery) => gallery.hoveredStep ?? gallery.selectedStep);
  const steps = columns.steps();
  const at = meant === null ? steps.length - 1 : steps.findLastIndex((step) => step <= meant);
  const step = steps[at];
  const spent = [
    [axisOf(columns, "images"), CURVE_WORDS.images] as const,
    [axisOf(columns, "seconds"), CURVE_WORDS.seconds] as const,
  ].flatMap(([xs, write]) => (xs?.[at] === undefined ? [] : [write(xs[at])]));
  return (
    <div className={styles.box}>
      <p className={styles.head}>
        {step === undefined ? (
          CURVE_WORDS.noReading
        ) : (
          <>
            <strong>{CURVE_WORDS.readingOf(step)}</strong>
            <span>{meant === null ? CURVE_WORDS.newest : spent.join(" · ")}</span>
          </>
        )}
      </p>
      <dl className={styles.numbers}>
        {METRIC_NAMES.map((name) => (
          <div key={name} title={METRICS[name].help}>
            <dt>{METRICS[name].label}</dt>
            <dd>{formatMetric(columns.column(name)[at] ?? Number.NaN)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
