/**
 * Finds a Chromium for the end-to-end tests, or gets one: the system's, else Playwright's own download, else the
 * distribution's package when we are root.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge"];
const FIXED = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The full binary matters: the headless shell has no WebGPU. @returns a path, or null */
export function findSystemBrowser() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [
    process.env.UNIRL_BROWSER,
    ...NAMES.flatMap((name) => folders.map((at) => join(at, name))),
    ...FIXED,
  ];
  return candidates.find((path) => path && existsSync(path)) ?? null;
}

async function findPlaywrightBrowser() {
  const { chromium } = await import("@playwright/test");
  const path = chromium.executablePath();
  return existsSync(path) ? path : null;
}

function run(command, args) {
  return (
    spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"], timeout: 10 * 60_000 }).status === 0
  );
}

/** @returns the path of a browser. @throws Error that says how to install one */
export async function ensureBrowser() {
  const found = findSystemBrowser() ?? (await findPlaywrightBrowser());
  if (found) return found;
  console.error("No Chromium found: asking Playwright for its own.");
  if (run("npx", ["playwright", "install", "--no-shell", "chromium"])) {
    const downloaded = await findPlaywrightBrowser();
    if (downloaded) return downloaded;
  }
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.error("Playwright could not bring one: asking the distribution.");
    run("apt-get", ["update", "-qq"]);
    if (run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"])) {
      const installed = findSystemBrowser();
      if (installed) return installed;
    }
  }
  throw new Error(
    "No browser for the end-to-end tests. Install Chromium or Chrome, or run `npx playwright install chromium`, or name one in UNIRL_BROWSER.",
  );
}
