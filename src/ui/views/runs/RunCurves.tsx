import { useState } from "react";
import { METRICS } from "../../../protocol/record.ts";
import { DataTable } from "../../charts/DataTable.tsx";
import { LineChart } from "../../charts/LineChart.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { PLOTS } from "../../plots.ts";
import { formatAxis, formatMetric } from "../../text/numbers.ts";
import { COMPARE_WORDS } from "../../text/runs.ts";
import { CURVE_WORDS } from "../../text/train.ts";
import { useSettings } from "../../usePlayground.ts";
import { INCREMENTS } from "../../xAxis.ts";
import styles from "./RunCurves.module.css";
import { nameOf } from "./runFacts.ts";
import { type ComparedRun, linesOf, useHistories } from "./runLines.ts";

const CHART_HEIGHT = 220;
const NO_MARKS: readonly number[] = [];
const ignore = () => undefined;

const CHOICES = PLOTS.flatMap((plot) => plot.lines.map(({ metric }) => ({ plot, metric })));
const [FIRST_CHOICE] = CHOICES;

/** The lines as numbers: a row for each step that one of the runs has. */
function Table({ title, xs, series }: { title: string } & ReturnType<typeof linesOf>) {
  const rows = Array.from(xs, (x, at) => [
    formatAxis(x, "step"),
    ...series.map(({ values }) => formatMetric(values[at] ?? Number.NaN)),
  ]);
  return (
    <DataTable
      caption={COMPARE_WORDS.table(title)}
      columns={[COMPARE_WORDS.step, ...series.map(({ label }) => label)]}
      rows={rows}
    />
  );
}

/** One metric of all compared runs over their steps, each in its own line. */
export function RunCurves({ compared }: { compared: readonly ComparedRun[] }) {
  const [metric, setMetric] = useState(FIRST_CHOICE?.metric ?? "rewardMean");
  const [isTable, setIsTable] = useState(false);
  const smoothing = useSettings((settings) => settings.smoothing);
  const themeKey = useSettings((settings) => settings.theme);
  const histories = useHistories(compared);
  const { xs, series } = linesOf(metric, compared, histories);
  const plot = CHOICES.find((choice) => choice.metric === metric)?.plot;
  const title = METRICS[metric].label;
  const lasts = compared.map(({ run }, at) =>
    COMPARE_WORDS.lastOf(nameOf(run), formatMetric(histories[at]?.last(metric) ?? Number.NaN)),
  );
  return (
    <div className={styles.curves}>
      <div className={styles.controls}>
        <select
          className={styles.metric}
          aria-label={COMPARE_WORDS.curve}
          value={metric}
          onChange={(event) => setMetric(event.target.value as typeof metric)}
        >
          {CHOICES.map((choice) => (
            <option key={choice.metric} value={choice.metric}>
              {METRICS[choice.metric].label}
            </option>
          ))}
        </select>
        <PushButton kind="quiet" onPress={() => setIsTable(!isTable)}>
          {isTable ? CURVE_WORDS.asCurves : CURVE_WORDS.asTable}
        </PushButton>
      </div>
      {isTable ? (
        <Table title={title} xs={xs} series={series} />
      ) : (
        <LineChart
          key={metric}
          label={COMPARE_WORDS.curveLabel(title, lasts)}
          xs={xs}
          series={series}
          smoothing={smoothing}
          marks={NO_MARKS}
          pick={null}
          cursor={null}
          yFloor={plot?.yFloor ?? 1}
          {...(plot?.yRange ? { yRange: plot.yRange } : {})}
          height={CHART_HEIGHT}
          syncKey="runs"
          themeKey={themeKey}
          increments={INCREMENTS.step}
          formatX={(x) => formatAxis(x, "step")}
          onHover={ignore}
          onPick={ignore}
        />
      )}
    </div>
  );
}
