/** Judged images as files; the worker's own lines, or a table of both states. */
import { writeJudgedCsv, writeJudgedLines } from "../../formats/judgedText.ts";
import type { Judged } from "../stores/evaluationStore.ts";
import { saidSaved } from "../text/sharing.ts";
import { saveFile } from "./saveFile.ts";
import type { Sharing } from "./sharing.ts";

/** A judged state under the name it has on the page. */
export interface NamedJudged {
  readonly letter: string;
  readonly name: string;
  readonly judged: Judged | null;
}

function save({ store }: Sharing, name: string, blob: Blob): void {
  saveFile({ name, blob });
  store.setState({ notice: { kind: "done", words: saidSaved(name, blob.size) } });
}

export function saveJudgedCsv(sharing: Sharing, states: readonly NamedJudged[]): void {
  const named = states.flatMap(({ letter, name, judged }) =>
    judged ? [{ name: `${letter}: ${name}`, step: judged.step, images: judged.images }] : [],
  );
  save(sharing, "unirl-geneval.csv", new Blob([...writeJudgedCsv(named)], { type: "text/csv" }));
}

export function saveJudgedLines(sharing: Sharing, { name, judged }: NamedJudged): void {
  if (!judged?.header) return;
  const lines = [...writeJudgedLines(judged.header, judged.images)];
  const stem = `unirl-geneval-${name}`.replace(/[^\w.-]+/g, "_").toLowerCase();
  save(sharing, `${stem}.jsonl`, new Blob(lines, { type: "application/jsonl" }));
}
