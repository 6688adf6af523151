/** Runs jobs as child processes, some at a time; what is done stays done, so the same command goes on after a stop. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Job } from "./plan.ts";

const UNIRL = join(dirname(fileURLToPath(import.meta.url)), "../../bin/unirl.mjs");

/** The result is written as a whole once the command ended well. @throws Error with the command's last words */
async function runJob({ args, result, checkpoint }: Job, backend: string): Promise<void> {
  mkdirSync(dirname(result), { recursive: true });
  const resume = checkpoint && existsSync(checkpoint) ? ["--resume", checkpoint] : [];
  const child = spawn(process.execPath, [UNIRL, ...args, "--backend", backend, ...resume], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  const words: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => out.push(part));
  child.stderr.on("data", (part: Buffer) => words.push(part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) {
    throw new Error(`unirl ${args.join(" ")} ended with ${code}:\n${Buffer.concat(words).toString().trim()}`);
  }
  writeFileSync(`${result}.part`, Buffer.concat(out));
  renameSync(`${result}.part`, result);
}

/**
 * Runs what is not done, `parallel` at a time, each job after those it needs.
 * @throws Error of the first job that failed, once those at work have ended
 */
export async function runJobs(
  jobs: readonly Job[],
  { parallel, backend, report }: { parallel: number; backend: string; report: (text: string) => void },
): Promise<void> {
  const isDone = (result: string) => existsSync(result);
  const open = new Set(jobs.filter(({ result }) => !isDone(result)));
  const atWork = new Set<Promise<void>>();
  const failures: Error[] = [];
  report(`${jobs.length - open.size} of ${jobs.length} jobs are done.`);
  while (open.size > 0 || atWork.size > 0) {
    const next = [...open].find(({ needs }) => needs.every(isDone));
    if (next && atWork.size < parallel && failures.length === 0) {
      open.delete(next);
      const startedMs = Date.now();
      const work = runJob(next, backend).then(
        () =>
          report(`${next.result}  ${Math.round((Date.now() - startedMs) / 1000)} s, ${open.size} to begin`),
        (failure: Error) => {
          failures.push(failure);
        },
      );
      const tracked = work.finally(() => atWork.delete(tracked));
      atWork.add(tracked);
    } else if (atWork.size === 0) break;
    else await Promise.race(atWork);
  }
  if (failures[0]) throw failures[0];
}
