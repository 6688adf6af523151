/** WebGPU in Node: Dawn from the optional `webgpu` package, on a hardware adapter or else on Chromium's SwiftShader. */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const ICD_FILE = "vk_swiftshader_icd.json";
const VULKAN_LOADER = "libvulkan.so.1";

/** Where Linux distributions put the Vulkan loader. */
const SYSTEM_LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
];

/** RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE of glibc and musl; Node does not name the last. */
const KEEP_LOADED = 0x2 | 0x100 | 0x1000;

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

/** Folder of an installed browser that brings SwiftShader and a Vulkan loader, or null. */
export function findSoftwareVulkan(): string | null {
  const folders = [...BROWSER_FOLDERS, ...listPlaywrightFolders()];
  return folders.find((folder) => existsSync(join(folder, ICD_FILE))) ?? null;
}

/**
 * Without a system-wide Vulkan loader Dawn finds nothing at all; the browser's own copy does as well. Node can only
 * load libraries as add-ons, so the call fails after the library is in, and in it stays.
 */
function loadBrowserVulkan(folder: string): void {
  const path = join(folder, VULKAN_LOADER);
  if (process.platform !== "linux" || !existsSync(path)) return;
  if (SYSTEM_LIBRARY_FOLDERS.some((system) => existsSync(join(system, VULKAN_LOADER)))) return;
  try {
    process.dlopen({ exports: {} }, path, KEEP_LOADED);
  } catch {
    // "Module did not self-register" is the expected end; if loading failed, no adapter appears and we say so.
  }
}

/** Whether a graphics driver is installed; asking Dawn without one only prints warnings. */
function hasVulkanDriver(): boolean {
  if (process.platform !== "linux") return true;
  const folders = [
    "/usr/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
    join(homedir(), ".local/share/vulkan/icd.d"),
  ];
  return folders.some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json")),
  );
}

function chooseSoftware(folder: string): void {
  process.env.VK_ICD_FILENAMES = join(folder, ICD_FILE);
  process.env.XDG_RUNTIME_DIR ??= "/tmp";
}

async function hasAdapter(gpu: GPU): Promise<boolean> {
  return (await gpu.requestAdapter().catch(() => null)) !== null;
}

/** Dawn's objects die with the last reference to the instance, so one is kept for the life of the process. */
let kept: GPU | null = null;

/**
 * Opens Dawn and puts its classes and `navigator.gpu` where tfjs looks for them. Without a hardware adapter, and with no
 * driver named by `VK_DRIVER_FILES` or `VK_ICD_FILENAMES`, it turns to an installed browser's SwiftShader. A process that
 * called this must end with `process.exit`: Dawn's threads keep it alive.
 * @returns null when the package is not installed or no adapter is found
 */
export async function openDawn(): Promise<GPU | null> {
  if (kept) return kept;
  const dawn = await import("webgpu").catch(() => null);
  if (!dawn) return null;
  Object.assign(globalThis, dawn.globals);
  const software = findSoftwareVulkan();
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  const isFree = VK_ICD_FILENAMES === undefined && VK_DRIVER_FILES === undefined;
  // The Vulkan loader reads the environment when an instance is made, so software is chosen before `create`.
  if (software) loadBrowserVulkan(software);
  if (software && isFree && !hasVulkanDriver()) chooseSoftware(software);
  let gpu = dawn.create([]);
  if (software && isFree && !(await hasAdapter(gpu))) {
    chooseSoftware(software);
    gpu = dawn.create([]);
  }
  if (!(await hasAdapter(gpu))) return null;
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  kept = gpu;
  return gpu;
}
