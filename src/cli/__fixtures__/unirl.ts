/** Runs the command line as a user does: a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../../bin/unirl.mjs", import.meta.url));
/** Starting Node and tsx takes a second, on a busy machine many. */
export const START_TIMEOUT_MS = 120_000;
/** All verdicts of a whole GenEval run fit. */
const LONGEST_OUTPUT_BYTES = 2 ** 26;

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function unirl(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { maxBuffer: LONGEST_OUTPUT_BYTES };
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
