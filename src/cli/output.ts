/** What a command prints: results on stdout (text, or one JSON object per line), everything else on stderr. */
import { SingleBar } from "cli-progress";

export interface Output {
  /** A result: one JSON line, or the text for people. */
  result(record: Record<string, unknown>, text: string): void;
  /** A remark for people, on stderr. */
  log(text: string): void;
  /** A progress bar on stderr; silent where stderr is no terminal. */
  startProgress(label: string, total: number): Progress;
}

export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** @param isJson results as JSON lines, and no bars */
export function createOutput(isJson: boolean): Output {
  return {
    result: (record, text) => process.stdout.write(`${isJson ? JSON.stringify(record) : text}\n`),
    log: (text) => process.stderr.write(`${text}\n`),
    startProgress: (label, total) => {
      if (isJson || !process.stderr.isTTY) return { update: () => {}, stop: () => {} };
      const bar = new SingleBar({
        format: `${label} {bar} {percentage}% {value}/{total} {eta_formatted}`,
        stream: process.stderr,
        hideCursor: true,
      });
      bar.start(total, 0);
      return { update: (done) => bar.update(done), stop: () => bar.stop() };
    },
  };
}
