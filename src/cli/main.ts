/** The command line: one file a command, errors to one clear line, exit codes 0 ok, 1 failure, 2 usage. */
import { Command, CommanderError } from "commander";
import { EngineError } from "../engine/errors.ts";
import { registerAnswer } from "./answer.ts";
import { registerBench } from "./bench.ts";
import { registerConvert } from "./convert.ts";
import { registerEval } from "./eval.ts";
import { registerFakeCheckpoint } from "./fakeCheckpoint.ts";
import { registerGenerate } from "./generate.ts";
import { registerJudge } from "./judge.ts";
import { registerRecord } from "./record.ts";
import { registerTrain } from "./train.ts";
import { registerVerify } from "./verify.ts";
import { registerWorld } from "./world.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

function createProgram(): Command {
  const program = new Command("unirl")
    .description("A unified multimodal model that teaches itself: draw, answer, train, measure.")
    .showHelpAfterError("(add --help for the options)")
    .exitOverride();
  registerGenerate(program);
  registerAnswer(program);
  registerTrain(program);
  registerRecord(program);
  registerEval(program);
  registerJudge(program);
  registerVerify(program);
  registerConvert(program);
  registerFakeCheckpoint(program);
  registerWorld(program);
  registerBench(program);
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError("(add --help for the options)");
  return program;
}

/** One line for a named failure; the stack too when asked for, or when the failure is a mistake of ours. */
function report(thrown: unknown, isVerbose: boolean): void {
  const isNamed = thrown instanceof EngineError;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  process.stderr.write(`error: ${text.replaceAll("\n", " ")}\n`);
  if ((isVerbose || !isNamed) && thrown instanceof Error) process.stderr.write(`${thrown.stack ?? ""}\n`);
}

/**
 * Runs one command.
 * @param argv as `process.argv`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT_USAGE;
    report(thrown, argv.includes("--verbose"));
    return EXIT_FAILURE;
  }
}
