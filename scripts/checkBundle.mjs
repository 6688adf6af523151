/**
 * Holds the built page to its budget (design/ux.md 7): what the first view waits for is at most 200 kB gzipped and
 * holds no tfjs; every view has a chunk of its own. Reads `dist`, so the build comes first.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), "../dist");
const BUDGET_BYTES = 200_000;
const VIEWS = ["TrainView", "ArenaView", "GenevalView", "HowView", "PresentView", "RunsView"];
/** Words that are in tfjs and in nothing else of ours. */
const TFJS = /registerGradient\(|tfjs-core|setWasmPaths/;

const read = (name) => readFileSync(join(DIST, name), "utf8");

/** A script and all that it imports before it runs. */
function collect(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const imports = read(name).matchAll(/\b(?:import|export)(?:[^"'()]*?\bfrom)?\s*["'](\.\/[\w.-]+\.js)["']/g);
  for (const [, path] of imports) collect(join(dirname(name), path), found);
  return found;
}

if (!existsSync(join(DIST, "index.html"))) {
  console.error("There is no build to look at: run `npm run build` first.");
  process.exit(1);
}
const entry = /<script type="module"[^>]* src="\.\/([^"]+)"/.exec(read("index.html"))?.[1];
if (!entry) {
  console.error("dist/index.html names no script.");
  process.exit(1);
}
const chunks = [...collect(entry)];
const total = chunks.reduce((sum, name) => sum + gzipSync(read(name)).length, 0);
const problems = [
  ...(total > BUDGET_BYTES
    ? [`The main chunk has ${total} bytes gzipped; ${BUDGET_BYTES} are allowed.`]
    : []),
  ...chunks.filter((name) => TFJS.test(read(name))).map((name) => `tfjs has come into ${name}.`),
  ...VIEWS.filter((view) => !read(entry).includes(view)).map((view) => `${view} has no chunk of its own.`),
  ...VIEWS.flatMap((view) =>
    chunks.filter((name) => name.includes(view)).map((name) => `${name} is not lazy.`),
  ),
];
console.log(`main chunk: ${total} bytes gzipped in ${chunks.length} files`);
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
