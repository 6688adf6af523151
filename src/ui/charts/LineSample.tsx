import type { Series } from "./LineChart.tsx";

/** How a line of a chart looks, beside its name. @param width px */
export function LineSample({ line, width }: { line: Pick<Series, "colour" | "isDashed">; width: number }) {
  return (
    <svg width={width} height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2={width}
        y2="4"
        stroke={`var(${line.colour})`}
        strokeWidth="2"
        strokeDasharray={line.isDashed ? "4 3" : undefined}
      />
    </svg>
  );
}
