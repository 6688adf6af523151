/**
 * One run kept in a folder while it is recorded: the events of each step, and the run as it was saved after the last
 * one. Events go to the disk before the save that ends their step, so a recording that was stopped goes on as if it
 * had not been.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { EngineError } from "../../engine/errors.ts";
import type { TimedEvent } from "../../protocol/recording.ts";
import type { SessionStorage } from "../../session/ports.ts";
import type { StoredRun } from "../../storage/runRecord.ts";
import { onDisk } from "../node/files.ts";

const RUN_FILE = "run.bin";

const eventsFile = (step: number) => `events-${String(step).padStart(6, "0")}.bin`;

export class RecordingFolder {
  readonly #folder: string;
  #pending: TimedEvent[] = [];

  /** Makes the folder. @throws EngineError("fileUnwritable") */
  constructor(folder: string) {
    this.#folder = folder;
    onDisk(folder, () => mkdirSync(folder, { recursive: true }));
  }

  /** Keeps an event until the save that ends its step. */
  add(event: TimedEvent): void {
    this.#pending.push(event);
  }

  /** The run as it was last saved, or null. @throws EngineError("fileCorrupt") */
  readRun(): StoredRun | null {
    return existsSync(join(this.#folder, RUN_FILE)) ? (this.#read(RUN_FILE) as StoredRun) : null;
  }

  /** Events up to a finished step, in order. @throws EngineError("fileCorrupt") when some are missing */
  readEvents(steps: number): TimedEvent[] {
    return Array.from({ length: steps }, (_, at) => this.#read(eventsFile(at + 1)) as TimedEvent[]).flat();
  }

  /** The session's storage: this one run, never another. */
  asStorage(): SessionStorage {
    const refuse = () => Promise.reject(new EngineError("badInput", "A recording is one run in one folder."));
    return {
      save: async (run) => this.#save(run),
      load: async () => {
        const run = this.readRun();
        return run ? { run, damage: null } : refuse();
      },
      // Whether there is a run to go on with is the recorder's question, so nothing is offered here.
      list: async () => [],
      delete: refuse,
      lock: async () => () => undefined,
      estimate: async () => ({ usedBytes: null, quotaBytes: null }),
      readJudgements: refuse,
      addJudgements: refuse,
    };
  }

  #save(run: StoredRun) {
    const { runId, step, savedAtMs } = run.record;
    // A second save of the same step brings no events.
    if (this.#pending.length > 0) this.#write(eventsFile(step), this.#pending);
    this.#pending = [];
    this.#write(RUN_FILE, run);
    return { runId, step, savedAtMs, sizeBytes: run.bytes.length };
  }

  /** Replaces a file as a whole, so that a crash leaves the old one. */
  #write(name: string, content: unknown): void {
    const path = join(this.#folder, name);
    onDisk(path, () => {
      writeFileSync(`${path}.part`, serialize(content));
      renameSync(`${path}.part`, path);
    });
  }

  #read(name: string): unknown {
    const path = join(this.#folder, name);
    try {
      return deserialize(readFileSync(path));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError(
        "fileCorrupt",
        `Cannot read ${path} (${reason}). Delete the folder ${this.#folder} and record again.`,
        { path },
        { cause },
      );
    }
  }
}
