/**
 * Writes what benchmarks found into the documents: docs/bench/*.json → docs/img/bench-*.svg and the block of tables in
 * docs/PERFORMANCE.md. `npm run bench:report`
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRecords } from "../bench/records.ts";
import { benchPlots, benchSection, replaceSections } from "../bench/report/document.ts";

const RECORDS = "docs/bench";
const IMAGES = "docs/img";
const DOCUMENT = "docs/PERFORMANCE.md";

const names = readdirSync(RECORDS).filter((name) => name.endsWith(".json"));
const files = names.toSorted().map((name) => readRecords(join(RECORDS, name)));
for (const { file, svg } of files.flatMap(benchPlots)) writeFileSync(join(IMAGES, file), svg);
const sections = files.map((file) => benchSection(file, "img"));
writeFileSync(DOCUMENT, replaceSections(readFileSync(DOCUMENT, "utf8"), sections));
