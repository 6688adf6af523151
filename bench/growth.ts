/** How cost grows: one quantity at a time, all others held. */
import type { BenchContext, Planned } from "./suite.ts";
import { planLayer } from "./whole/layer.ts";
import { planDrawing } from "./whole/model.ts";
import { planStep } from "./whole/step.ts";

/** @param axis the key of the benchmarks' shapes that grows */
function along(axis: string, values: readonly number[], plan: (value: number) => Planned): Planned[] {
  return values.map((value) => {
    const { name, open } = plan(value);
    return { name, open: async () => ({ ...(await open()), axis }) };
  });
}

/** Every point of every curve. */
export function planGrowth({ sizes, model }: BenchContext): Planned[] {
  const { rows, rowsWidth, widths, widthRows, groups, group, tokens, drawing } = sizes.growth;
  const { rank } = sizes.layer;
  return [
    ...along("rows", rows, (count) =>
      planLayer(`a layer of ${count} rows`, { rows: count, width: rowsWidth, rank }),
    ),
    ...along("width", widths, (width) =>
      planLayer(`a layer of width ${width}`, { rows: widthRows, width, rank }),
    ),
    ...along("groupSize", groups, (groupSize) =>
      planStep(`a step of groups of ${groupSize}`, model, { ...group, groupSize }),
    ),
    ...along("tokens", tokens, (count) =>
      planDrawing(`drawing ${count} tokens`, model, { ...drawing, tokens: count }),
    ),
  ];
}
