/** WebGPU in Node: Dawn from the optional `webgpu` package, on a hardware adapter or else on Chromium's SwiftShader. */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const ICD_FILE = "vk_swiftshader_icd.json";

/** Where browsers keep SwiftShader's Vulkan manifest. */
const BROWSER_FOLDERS = [
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/usr/lib64/chromium-browser",
  "/opt/google/chrome",
  "/opt/microsoft/msedge",
];

function listPlaywrightFolders(): string[] {
  const root = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), ".cache/ms-playwright");
  if (!existsSync(root)) return [];
  const browsers = readdirSync(root).filter((name) => name.startsWith("chromium"));
  return browsers.flatMap((name) => ["chrome-linux", "chrome-linux64"].map((sub) => join(root, name, sub)));
}

/** Path of a SwiftShader manifest of an installed browser, or null. */
export function findSoftwareVulkan(): string | null {
  const folders = [...BROWSER_FOLDERS, ...listPlaywrightFolders()];
  return folders.map((folder) => join(folder, ICD_FILE)).find((path) => existsSync(path)) ?? null;
}

async function hasAdapter(gpu: GPU): Promise<boolean> {
  return (await gpu.requestAdapter().catch(() => null)) !== null;
}

/** Dawn's objects die with the last reference to the instance, so one is kept for the life of the process. */
let kept: GPU | null = null;

/**
 * Opens Dawn and puts its classes and `navigator.gpu` where tfjs looks for them. Without a hardware adapter and
 * with `VK_ICD_FILENAMES` unset it turns to an installed browser's SwiftShader. A process that called this must
 * end with `process.exit`: Dawn's threads keep it alive.
 * @returns null when the package is not installed or no adapter is found
 */
export async function openDawn(): Promise<GPU | null> {
  if (kept) return kept;
  const dawn = await import("webgpu").catch(() => null);
  if (!dawn) return null;
  Object.assign(globalThis, dawn.globals);
  let gpu = dawn.create([]);
  if (!(await hasAdapter(gpu)) && process.env.VK_ICD_FILENAMES === undefined) {
    const manifest = findSoftwareVulkan();
    if (!manifest) return null;
    // The Vulkan loader reads both when an instance is made; it wants some run-time folder.
    process.env.VK_ICD_FILENAMES = manifest;
    process.env.XDG_RUNTIME_DIR ??= "/tmp";
    gpu = dawn.create([]);
  }
  if (!(await hasAdapter(gpu))) return null;
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  kept = gpu;
  return gpu;
}
