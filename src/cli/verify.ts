/** `unirl verify`: compares the engine with numbers from the PyTorch reference. */
import type { Command } from "commander";
import { folderReader } from "./node/files.ts";
import { addCommonOptions, type CommonOptions } from "./options.ts";

interface VerifyOptions extends CommonOptions {
  readonly golden: string;
}

const NAME_WIDTH = 30;
const NUMBER_WIDTH = 10;

async function runVerify(options: VerifyOptions): Promise<void> {
  const { withSession } = await import("./session.ts");
  const { verifyShowoGolden } = await import("../engine/index.ts");
  await withSession(options, async ({ output, backend }) => {
    const counts = { passed: 0, failed: 0 };
    for await (const result of verifyShowoGolden(folderReader(options.golden))) {
      const { check, error, tolerance, pass, detail } = result;
      counts[pass ? "passed" : "failed"] += 1;
      const numbers = [error, tolerance].map((value) => value.toExponential(2).padStart(NUMBER_WIDTH));
      const line = `${pass ? "pass" : "FAIL"}  ${check.padEnd(NAME_WIDTH)}${numbers.join(" ≤ ")}  ${detail}`;
      output.result({ command: "verify", backend, check, error, tolerance, pass, detail }, line);
    }
    const { passed, failed } = counts;
    const summary = `${passed} of ${passed + failed} checks passed on ${backend}`;
    output.result({ command: "verify", backend, passed, failed, pass: failed === 0 && passed > 0 }, summary);
    if (failed > 0 || passed === 0) process.exitCode = 1;
  });
}

/** Adds the `verify` command. */
export function registerVerify(program: Command): void {
  const command = program
    .command("verify")
    .description("compare with golden numbers of the PyTorch reference")
    .requiredOption("--golden <folder>", "folder of golden numbers");
  addCommonOptions(command).action(runVerify);
}
