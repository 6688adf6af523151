/** GenEval's scores as a record and as a table. */
import type { Estimate, GenEvalScores } from "../../engine/index.ts";
import { describeShare } from "./bench.ts";

const NAME_WIDTH = 16;

/** Scores in the form of GenEval's summary (`tasks`, `overall`), with intervals beside them. */
export function scoresRecord({ overall, tasks, missing, images, prompts }: GenEvalScores) {
  const interval = ({ low, high }: Estimate) => [low, high];
  const byTag = (read: (estimate: Estimate) => unknown) =>
    Object.fromEntries([...tasks].map(([tag, estimate]) => [tag, read(estimate)]));
  return {
    tasks: byTag(({ mean }) => mean),
    overall: overall.mean,
    correctImages: images.mean,
    correctPrompts: prompts.mean,
    intervals: {
      tasks: byTag(interval),
      overall: interval(overall),
      correctImages: interval(images),
      correctPrompts: interval(prompts),
    },
    missingTasks: missing,
  };
}

/** The same for people. @param notes lines below the table */
export function scoresText(
  scores: GenEvalScores,
  notes: readonly string[],
  title = "GenEval scores",
): string {
  const { overall, tasks, missing, images, prompts } = scores;
  const rows: [string, string][] = [
    ...[...tasks].map(([tag, estimate]): [string, string] => [tag, describeShare(estimate)]),
    ["mean of tasks", describeShare(overall)],
    ["correct images", describeShare(images)],
    ["correct prompts", describeShare(prompts)],
  ];
  const absent = missing.length > 0 ? [`no images of ${missing.join(", ")}: the mean is over the rest`] : [];
  const lines = rows.map(([name, text]) => name.padEnd(NAME_WIDTH) + text);
  return [`${title} (95 % interval, n prompts)`, ...lines, ...absent, ...notes].join("\n  ").trimEnd();
}
