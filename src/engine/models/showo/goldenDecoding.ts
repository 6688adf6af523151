/** Golden checks of both decoders on the fast path: MaskGIT with the fixture's noise, and greedy answers. */
import { z } from "zod";
import { continueAnswers } from "./answer.ts";
import type { ShowoConfig } from "./config.ts";
import type { NoiseSource } from "./drawSettings.ts";
import { drawCodes } from "./generate.ts";
import { countPads, splitRows, wholeHead } from "./goldenBatch.ts";
import { type CheckResult, countDifferences, type Expected, judge, TOLERANCES } from "./goldenCompare.ts";
import { pickByGumbel } from "./maskgit.ts";
import type { ShowoNetwork } from "./weights.ts";

/** maskgit.json */
export const maskgitSchema = z.object({
  timesteps: z.number().int().positive(),
  guidance_scale: z.number().min(0),
  schedule: z.literal("cosine"),
  temperature: z.number().min(0),
});

/** The fixture's noise: Gumbel numbers for tokens [T, B, N, K] and confidences [T, B, N]. */
function storedNoise(expected: Expected, { imageTokenCount: count, codebookSize }: ShowoConfig): NoiseSource {
  const [, batch = 0] = expected.shape("maskgit.sample_gumbel");
  const tokens = expected.floats("maskgit.sample_gumbel");
  const confidences = expected.floats("maskgit.confidence_gumbel");
  return (image, step) => {
    const start = (step * batch + image) * count;
    return {
      pickCode: (position, row) => {
        const from = (start + position) * codebookSize;
        return pickByGumbel(row, tokens.subarray(from, from + codebookSize));
      },
      confidence: confidences.subarray(start, start + count),
    };
  };
}

/** Every step's codes and the final ones. Yields two results. */
export async function* checkMaskgit(
  network: ShowoNetwork,
  expected: Expected,
  settings: z.infer<typeof maskgitSchema>,
): AsyncGenerator<CheckResult> {
  const { config } = network;
  const [batch = 0] = expected.shape("maskgit.text_ids");
  const prefixes = splitRows(expected.ints("maskgit.text_ids"), batch).map((row) =>
    [...row].slice(countPads(row, config.special.pad)),
  );
  const trace: number[] = [];
  const images = await drawCodes(network, prefixes, storedNoise(expected, config), {
    steps: settings.timesteps,
    guidanceScale: settings.guidance_scale,
    temperature: settings.temperature,
    onStep: ({ codes }) => {
      for (const code of codes.flatMap((row) => [...row])) trace.push(code < 0 ? config.maskId : code);
    },
  });
  const wanted = expected.ints("maskgit.trace");
  const differing = countDifferences(trace, wanted);
  const detail = `${settings.timesteps} steps of ${batch} images`;
  yield judge("MaskGIT trace", differing, TOLERANCES.exact, detail);
  const final = countDifferences(
    images.flatMap((codes) => [...codes]),
    expected.ints("maskgit.final_codes"),
  );
  yield judge("MaskGIT final codes", final, TOLERANCES.exact, `${batch} images`);
}

export async function checkGreedy(network: ShowoNetwork, expected: Expected): Promise<CheckResult> {
  const wanted = expected.ints("mmu.greedy_answer");
  const [batch = 0] = expected.shape("mmu.input_ids");
  const [prefix = new Int32Array(0)] = splitRows(expected.ints("mmu.input_ids"), batch);
  // The reference may answer with any id; ours would keep to text.
  const view = { ...network, textHead: wholeHead(network) };
  const [answer] = await continueAnswers(view, [prefix], { maxTokens: wanted.length });
  // The reference goes on past an eot; what we leave out after it cannot be compared.
  const tokens = answer?.tokens ?? new Int32Array(0);
  const isClosed = tokens.at(-1) === network.config.special.eot;
  const comparable = isClosed ? wanted.subarray(0, tokens.length) : wanted;
  const differing = countDifferences(tokens, comparable);
  return judge(
    "greedy answer",
    differing,
    TOLERANCES.exact,
    `[${tokens.join(", ")}] for [${wanted.join(", ")}]`,
  );
}
