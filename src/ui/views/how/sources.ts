/** The text of the functions that the stops name, as they stand in this build; each file is fetched when first shown. */
import { EngineError } from "../../../engine/errors.ts";
import { cutFunction } from "./cutFunction.ts";
import type { CodePlace } from "./stops.ts";

const TEXTS = import.meta.glob<string>(
  [
    "/src/engine/rl/gatherGroups.ts",
    "/src/engine/rl/advantage.ts",
    "/src/engine/models/showo/maskgit.ts",
    "/src/engine/models/showo/answer.ts",
    "/src/engine/reward/matchAnswer.ts",
    "/src/engine/kernels/tokenLoss/twin.ts",
  ],
  { query: "?raw", import: "default" },
);

/** @throws EngineError("badInput") when the build holds no such function */
export async function readFunction({ file, name }: CodePlace): Promise<string> {
  const text = (await TEXTS[`/${file}`]?.()) ?? "";
  const code = cutFunction(text, name);
  if (code === null) throw new EngineError("badInput", `The page has no text of ${name}: see ${file}.`);
  return code;
}
