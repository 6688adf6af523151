/**
 * Every failure the engine can name. An error carries a stable code, a sentence for a person and the
 * numbers behind it; it crosses threads as plain data and becomes a card on the page (`ui/failure`).
 */

export const ENGINE_ERROR_CODES = [
  "badConfig",
  "badInput",
  "modelMissing",
  "modelCorrupt",
  "fileCorrupt",
  "fileUnwritable",
  "fileUnknown",
  "fileTooLarge",
  "fileTooNew",
  "checkpointCorrupt",
  "checkpointMismatch",
  "noBackend",
  "noWebGpu",
  "deviceLost",
  "outOfMemory",
  "gpuError",
  "nonFinite",
  "storageFull",
  "storageUnavailable",
  "runInUse",
  "cancelled",
  "workerCrash",
  "networkFailed",
] as const;

export type EngineErrorCode = (typeof ENGINE_ERROR_CODES)[number];

/** The form an error takes on the wire and in logs: plain, cloneable data. */
export interface EngineErrorRecord {
  readonly code: EngineErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
  readonly stack?: string;
}

export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;
  readonly data: EngineErrorRecord["data"];

  /**
   * @param code what failed, for machines
   * @param message what failed and how to go on, for a person
   * @param data the numbers and names behind the message
   */
  constructor(
    code: EngineErrorCode,
    message: string,
    data: EngineErrorRecord["data"] = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** Turns anything thrown into plain data; what is not an `EngineError` becomes `workerCrash`. */
export function toErrorRecord(thrown: unknown): EngineErrorRecord {
  const stack = thrown instanceof Error && thrown.stack ? { stack: thrown.stack } : {};
  if (thrown instanceof EngineError) {
    return { code: thrown.code, message: thrown.message, data: thrown.data, ...stack };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "workerCrash", message, data: {}, ...stack };
}

/** Rebuilds the error on the other side of a thread boundary. */
export function fromErrorRecord(record: EngineErrorRecord): EngineError {
  const error = new EngineError(record.code, record.message, record.data);
  if (record.stack) error.stack = record.stack;
  return error;
}
