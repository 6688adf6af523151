/**
 * `npm test`: types, lint, unit and golden tests, the build, and end-to-end tests in a real browser. The last line is
 * the total. `--only check,unit,e2e` runs a part.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBrowser } from "./ensureBrowser.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const ARTIFACTS = join(ROOT, "artifacts");
const VITEST_JSON = join(ARTIFACTS, "vitest.json");
const PLAYWRIGHT_JSON = join(ARTIFACTS, "playwright.json");
const PARTS = ["check", "unit", "e2e"];

const totals = { passed: 0, failed: 0, skipped: [] };

function runTool(tool, args, env = {}) {
  console.log(`\n> ${tool} ${args.join(" ")}`);
  const { status, error } = spawnSync(join(ROOT, "node_modules", ".bin", tool), args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
  if (error) console.error(error.message);
  return status === 0;
}

function runNode(script) {
  console.log(`\n> node ${script}`);
  return spawnSync(process.execPath, [join(ROOT, script)], { cwd: ROOT, stdio: "inherit" }).status === 0;
}

function readReport(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

/** A step that is one check: it counts only when it fails. */
function requireStep(tool, args, env) {
  if (runTool(tool, args, env)) return true;
  totals.failed += 1;
  return false;
}

/** Built once, by whichever part needs it first. @returns whether there is a build */
let built = null;
function buildPage() {
  built ??= requireStep("vite", ["build", "--logLevel", "warn"]);
  return built;
}

function runChecks() {
  requireStep("tsc", ["--noEmit", "-p", "tsconfig.json"]);
  requireStep("tsc", ["--noEmit", "-p", "tsconfig.engine.json"]);
  requireStep("biome", ["check", "--error-on-warnings", "."]);
  if (buildPage() && !runNode(join("scripts", "checkBundle.mjs"))) totals.failed += 1;
}

/** Golden fixtures lie outside the repository; without them their tests skip, and are counted as skipped. */
function findShared() {
  const candidates = [process.env.UNIRL_SHARED, join(ROOT, "..", "shared")];
  return candidates.find((path) => path && existsSync(join(path, "golden"))) ?? null;
}

/** Dawn (WebGPU in Node) uses the browser's software adapter where there is no GPU driver. */
function dawnEnv(browser) {
  const folders = browser ? [dirname(browser), "/usr/lib/chromium", "/opt/google/chrome"] : [];
  const icd = folders.map((at) => join(at, "vk_swiftshader_icd.json")).find((path) => existsSync(path));
  const runtime = process.env.XDG_RUNTIME_DIR ? {} : { XDG_RUNTIME_DIR: "/tmp" };
  const hasDriver = existsSync("/usr/share/vulkan/icd.d") || process.env.VK_ICD_FILENAMES;
  return icd && !hasDriver ? { ...runtime, VK_ICD_FILENAMES: icd } : runtime;
}

function runUnit(browser) {
  const shared = findShared();
  if (!shared) console.log("No golden fixtures found (UNIRL_SHARED, ../shared): their tests are skipped.");
  const env = { ...dawnEnv(browser), ...(shared ? { UNIRL_SHARED: shared } : {}) };
  runVitest([], env);
  // Tests that need an adapter run apart: Dawn's threads would keep the others' processes alive.
  runVitest(["--config", "vitest.gpu.config.ts"], env);
}

function runVitest(options, env) {
  rmSync(VITEST_JSON, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${VITEST_JSON}`];
  const isGreen = runTool("vitest", ["run", ...options, ...reporters], env);
  const report = readReport(VITEST_JSON);
  if (!report) {
    totals.failed += 1;
    return;
  }
  let failed = 0;
  for (const file of report.testResults) {
    const name = relative(ROOT, file.name);
    if (file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"))
      failed += 1;
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") totals.passed += 1;
      else if (status === "failed") failed += 1;
      else totals.skipped.push(`${name}: ${fullName}`);
    }
  }
  // A worker that died or an unhandled error fails the run without failing a test.
  totals.failed += failed === 0 && !isGreen ? 1 : failed;
}

function collectSpecs(suite) {
  return [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(collectSpecs)];
}

function runE2e(browser) {
  if (!buildPage()) return;
  const isGreen = runTool("playwright", ["test", "--reporter=list,json"], {
    UNIRL_BROWSER: browser,
    PLAYWRIGHT_JSON_OUTPUT_NAME: PLAYWRIGHT_JSON,
  });
  const report = readReport(PLAYWRIGHT_JSON);
  if (!report) {
    totals.failed += 1;
    return;
  }
  const { expected, flaky, unexpected, skipped } = report.stats;
  totals.passed += expected + flaky;
  totals.failed += unexpected === 0 && !isGreen ? 1 : unexpected;
  const names = report.suites
    .flatMap(collectSpecs)
    .filter(({ tests }) => tests.some(({ status }) => status === "skipped"))
    .map(({ file, title }) => `e2e/${file}: ${title}`);
  totals.skipped.push(...names, ...Array(Math.max(0, skipped - names.length)).fill("e2e: unnamed"));
}

function readParts() {
  const at = process.argv.indexOf("--only");
  const parts = at < 0 ? PARTS : (process.argv[at + 1] ?? "").split(",");
  const unknown = parts.filter((part) => !PARTS.includes(part));
  if (unknown.length === 0) return parts;
  console.error(`--only takes ${PARTS.join(", ")}; "${unknown.join(",")}" is none of them.`);
  process.exit(2);
}

async function findBrowser() {
  try {
    return await ensureBrowser();
  } catch (error) {
    console.error(error.message);
    return null;
  }
}

const parts = readParts();
mkdirSync(ARTIFACTS, { recursive: true });
rmSync(PLAYWRIGHT_JSON, { force: true });
const browser = parts.includes("unit") || parts.includes("e2e") ? await findBrowser() : null;
if (parts.includes("check")) runChecks();
if (parts.includes("unit")) runUnit(browser);
if (parts.includes("e2e")) {
  if (browser) runE2e(browser);
  else totals.failed += 1;
}
if (totals.skipped.length > 0)
  console.log(`\nSkipped:\n${totals.skipped.map((name) => `  ${name}`).join("\n")}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped.length} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);
