/**
 * Writes what benchmarks found into the documents: docs/bench/*.json → docs/img/bench-*.svg and the block of tables in
 * docs/PERFORMANCE.md. `npm run bench:report`
 */
import { writeFileSync } from "node:fs";
import { makeReport } from "../bench/report/report.ts";

for (const { path, text } of makeReport(".")) writeFileSync(path, text);
