/** Files for the engine, which knows none: model folders in, PNGs in and out, with errors a person can act on. */
import { access, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { decode, encode } from "fast-png";
import { EngineError } from "../../engine/errors.ts";
import type { ImageU8 } from "../../engine/models/unified.ts";

/** Root of the repository: what ships with it is found from here, whatever the current folder. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * A reader of one folder's files, for `loadModel` and `verifyShowoGolden`.
 * @returns rejects with EngineError("modelMissing") when the folder or a file is not there
 */
export function folderReader(folder: string): (path: string) => Promise<Uint8Array> {
  return async (path) => {
    const file = join(folder, path);
    try {
      return new Uint8Array(await readFile(file));
    } catch (cause) {
      const what = (await exists(folder))
        ? `The folder ${folder} has no readable ${path}`
        : `There is no folder ${folder}`;
      throw new EngineError(
        "modelMissing",
        `${what}. Point the command to a complete folder.`,
        { path: file, reason: reasonOf(cause) },
        { cause },
      );
    }
  };
}

/** Where a model folder given on the command line lies: as given, else inside the repository. */
export async function findModelFolder(folder: string): Promise<string> {
  const shipped = join(ROOT, folder);
  return !(await exists(folder)) && (await exists(shipped)) ? shipped : folder;
}

/** The shipped sprites. @throws EngineError("modelMissing") */
export function readSprites(): Promise<Uint8Array> {
  return folderReader(join(ROOT, "public/world"))("sprites.safetensors");
}

/**
 * Makes a folder and its parents if needed, one by one: Node's own `recursive` never returns below /proc.
 * @throws EngineError("fileUnwritable")
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  if (dirname(path) !== path && !(await exists(dirname(path)))) await makeFolder(dirname(path));
  try {
    await mkdir(path);
  } catch (cause) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw unwritable(folder, cause);
  }
}

/** Reads a text file as UTF-8, without its byte order mark. @throws EngineError("badInput") when it cannot be read */
export async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readFile(path));
  } catch (cause) {
    throw new EngineError(
      "badInput",
      `Cannot read ${path} (${reasonOf(cause)}). Give a file that exists and may be read.`,
      { path },
      { cause },
    );
  }
}

export function unwritable(path: string, cause: unknown): EngineError {
  return new EngineError(
    "fileUnwritable",
    `Cannot write ${path} (${reasonOf(cause)}). Choose another place, or change its permissions.`,
    { path },
    { cause },
  );
}

/** Runs a file operation. @throws EngineError("fileUnwritable") naming the path when the system refuses it */
export function onDisk<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Writes bytes, making the folder if needed. @throws EngineError("fileUnwritable") */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  try {
    await writeFile(path, bytes);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Writes an image as PNG. @throws EngineError("fileUnwritable") */
export async function writePng(path: string, { width, height, rgb }: ImageU8): Promise<void> {
  await writeBytes(path, encode({ width, height, data: rgb, channels: 3, depth: 8 }));
}

/** 8-bit RGB of decoded samples: grey is spread, alpha is laid over white, 16 bits lose their lower byte. */
function toRgb(
  data: Uint8Array | Uint16Array | Uint8ClampedArray,
  channels: number,
  scale: number,
): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  const colours = channels < 3 ? 1 : 3;
  for (let pixel = 0; pixel * channels < data.length; pixel++) {
    const at = pixel * channels;
    const alpha = channels % 2 === 0 ? (data[at + channels - 1] ?? 0) / (255 * scale) : 1;
    for (let channel = 0; channel < 3; channel++) {
      const sample = (data[at + (channel % colours)] ?? 0) / scale;
      rgb[pixel * 3 + channel] = Math.round(sample * alpha + 255 * (1 - alpha));
    }
  }
  return rgb;
}

/** Reads a PNG as 8-bit RGB. @throws EngineError("badInput") when it is missing or no PNG */
export async function readPng(path: string): Promise<ImageU8> {
  try {
    const { width, height, data, channels, depth, palette } = decode(await readFile(path));
    if (palette) {
      const rgb = Uint8Array.from(Array.from(data).flatMap((index) => (palette[index] ?? []).slice(0, 3)));
      return { width, height, rgb };
    }
    return { width, height, rgb: toRgb(data, channels, depth === 16 ? 257 : 1) };
  } catch (cause) {
    throw new EngineError(
      "badInput",
      `Cannot read the image ${path} (${reasonOf(cause)}). Give a PNG file.`,
      { path },
      { cause },
    );
  }
}
