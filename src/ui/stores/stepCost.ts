/** What the last step asked of the GPU, read off its metrics (`gpu/<phase>/<count>`). */

/** Counts of one phase by name: dispatches, submits, readbacks, readbackBytes, busyMs. */
export interface PhaseCost {
  readonly phase: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** By phase, in the order they ran; empty off the GPU. */
export function readCosts(metrics: Readonly<Record<string, number>>): PhaseCost[] {
  const counts = new Map<string, Record<string, number>>();
  for (const [name, value] of Object.entries(metrics)) {
    const [root, phase, count] = name.split("/");
    if (root !== "gpu" || !phase || !count) continue;
    counts.set(phase, { ...counts.get(phase), [count]: value });
  }
  return [...counts].map(([phase, of]) => ({ phase, counts: of }));
}

/** One count over all phases; null where none has it. */
export function sumCosts(costs: readonly PhaseCost[], name: string): number | null {
  const values = costs.flatMap(({ counts }) => counts[name] ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
