/** What the repository's documents say of benchmarks, from what is kept of them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readRecords } from "../records.ts";
import { benchPlots, benchSection, replaceSections } from "./document.ts";

const RECORDS = "docs/bench";
const IMAGES = "docs/img";
const DOCUMENT = "docs/PERFORMANCE.md";

/** A file as it should be; paths from the repository's root. */
export interface Written {
  readonly path: string;
  readonly text: string;
}

/** Every file that follows from docs/bench: plots, and the document with its tables. @param root of the repository */
export function makeReport(root: string): Written[] {
  const folder = join(root, RECORDS);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const files = names.toSorted().map((name) => readRecords(join(folder, name)));
  const plots = files.flatMap(benchPlots).map(({ file, svg }) => ({ path: `${IMAGES}/${file}`, text: svg }));
  const sections = files.map((file) => benchSection(file, "img"));
  const document = readFileSync(join(root, DOCUMENT), "utf8");
  return [...plots, { path: DOCUMENT, text: replaceSections(document, sections) }];
}
