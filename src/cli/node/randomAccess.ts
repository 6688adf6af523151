/** Files that are read and written in places, and folders that are written whole or not at all. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EngineError } from "../../engine/errors.ts";
import type { ByteSink, ByteSource, TensorFolder } from "../../engine/index.ts";
import { makeFolder, reasonOf, unwritable } from "./files.ts";

/** Opened files of a command; `close` ends them all. */
export class OpenFiles {
  readonly #handles: FileHandle[] = [];
  readonly #written: FileHandle[] = [];

  async #open(path: string, flags: string): Promise<FileHandle> {
    const handle = await open(path, flags);
    this.#handles.push(handle);
    return handle;
  }

  /** @throws EngineError("modelMissing") */
  async source(path: string): Promise<ByteSource> {
    try {
      const handle = await this.#open(path, "r");
      const { size } = await handle.stat();
      return { name: path, size, read: (offset, length) => readAt(handle, path, offset, length) };
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  /** A new file. @throws EngineError("fileUnwritable") */
  async sink(path: string): Promise<ByteSink> {
    try {
      const handle = await this.#open(path, "wx");
      this.#written.push(handle);
      return { write: (offset, bytes) => writeAt(handle, path, offset, bytes) };
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** A folder of weights. @throws EngineError("modelMissing") */
  async folder(path: string): Promise<TensorFolder> {
    try {
      const files = await readdir(path);
      return { name: path, files, open: (file) => this.source(join(path, file)) };
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  /** What was written is on the disk when this is done. @throws EngineError("fileUnwritable") */
  async flush(folder: string): Promise<void> {
    try {
      for (const handle of this.#written.splice(0)) await handle.sync();
    } catch (cause) {
      throw unwritable(folder, cause);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close()));
  }
}

function unreadable(path: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  return new EngineError(
    "modelMissing",
    `Cannot read ${path} (${reasonOf(cause)}). Point the command to a complete folder.`,
    { path },
    { cause },
  );
}

async function readAt(handle: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  try {
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return bytes.subarray(0, done);
}

async function writeAt(handle: FileHandle, path: string, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  try {
    while (done < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * Writes a new folder: under a temporary name beside its own, which it gets at the end. When the work fails, nothing is
 * left of it.
 * @throws EngineError("badInput") where there is such a folder already, EngineError("fileUnwritable"), and what `work` throws
 */
export async function writeFolder<T>(
  out: string,
  work: (folder: string, files: OpenFiles) => Promise<T>,
): Promise<T> {
  const target = resolve(out);
  const isThere = await stat(target).then(
    () => true,
    () => false,
  );
  if (isThere) {
    throw new EngineError("badInput", `${out} exists already. Choose another name, or delete it first.`, {
      out,
    });
  }
  await makeFolder(dirname(target));
  const partial = `${target}.partial-${process.pid}`;
  const files = new OpenFiles();
  try {
    await mkdir(partial).catch((cause) => Promise.reject(unwritable(partial, cause)));
    const result = await work(partial, files);
    await files.flush(partial);
    await files.close();
    await rename(partial, target).catch((cause) => Promise.reject(unwritable(target, cause)));
    return result;
  } finally {
    await files.close();
    await rm(partial, { recursive: true, force: true });
  }
}
