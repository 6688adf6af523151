/** The judged suites of `unirl eval`: what --out keeps, what a second run does with it, and what is refused. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { tellingDetector } from "../engine/eval/__fixtures__/tellingDetector.ts";
import { START_TIMEOUT_MS, unirl } from "./__fixtures__/unirl.ts";
import { registerEval } from "./eval.ts";

type Line = Record<string, unknown>;
const parseLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

let folder: string;
let printed: string;
let logged: string;
/** Images that the detector was shown by the command under test. */
let judgedCount: number;

/** Runs `unirl eval` in this process, before a detector that finds a dog in every picture. */
async function evaluate(...args: string[]): Promise<Line[]> {
  printed = "";
  judgedCount = 0;
  const program = new Command("unirl").exitOverride();
  registerEval(program, async () =>
    tellingDetector(() => {
      judgedCount += 1;
      return { dog: [{ box: [0, 0, 9, 9], score: 0.95, color: "red" }] };
    }),
  );
  const model = ["--backend", "wasm", "--model", "public/models/nano", "--scenes", "6"];
  await program.parseAsync(["node", "unirl", "eval", ...model, "--steps", "1", "--json", ...args]);
  return parseLines(printed);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unirl-eval-"));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  logged = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    logged += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("unirl eval --suite geneval", { timeout: START_TIMEOUT_MS }, () => {
  const args = ["--suite", "geneval", "--limit", "6", "--n", "1"];

  it("goes on where it stopped, past a torn line, to the same result", async () => {
    const out = join(folder, "deep/judged.jsonl");
    const [whole] = await evaluate(...args, "--answers");
    expect(whole).toMatchObject({ suite: "geneval", judge: "telling", images: 6, imagesPerPrompt: 1 });
    expect(judgedCount).toBe(6);

    await evaluate(...args, "--out", out);
    const text = await readFile(out, "utf8");
    const [header, first] = parseLines(text);
    expect(header).toMatchObject({ format: "unirl-judged", model: "nano", adapter: null, steps: 1 });
    expect(first).toMatchObject({ number: 0, reasons: expect.any(Array), codes: expect.any(String) });

    // Killed while writing the fourth image.
    const lines = text.split("\n");
    await writeFile(out, `${lines.slice(0, 4).join("\n")}\n${lines[4]?.slice(0, 40)}`);
    const [resumed] = await evaluate(...args, "--answers", "--out", out);
    expect(judgedCount).toBe(3);
    expect(logged).toContain(`3 of 6 images are in ${out} already`);
    expect(resumed).toEqual(whole);
    expect(await readFile(out, "utf8")).toBe(text);

    // More images per prompt keep the old ones; fewer leave the file alone.
    await evaluate("--suite", "geneval", "--limit", "6", "--n", "2", "--out", out);
    expect(judgedCount).toBe(6);
    expect((await evaluate(...args, "--answers", "--out", out))[0]).toEqual(whole);
    expect(judgedCount).toBe(0);
  });

  it("refuses a file of another evaluation, and one that is damaged inside", async () => {
    const out = join(folder, "other.jsonl");
    await evaluate(...args, "--out", out);
    await expect(evaluate(...args, "--weights", "int4", "--out", out)).rejects.toThrow(
      /weights is \w+, here it is \w+ int4/,
    );
    await expect(evaluate(...args, "--seed", "1", "--out", out)).rejects.toThrow(
      /other\.jsonl was made otherwise: seed is 0, here it is 1\. Give another --out/,
    );
    await appendFile(out, "no JSON\n");
    await expect(evaluate(...args, "--out", out)).rejects.toThrow(/other\.jsonl, line 8: this is no JSON/);
  });

  it("names a missing judge", async () => {
    vi.restoreAllMocks();
    const model = ["--backend", "cpu", "--model", "public/models/nano", "--scenes", "1"];
    const outcome = await unirl("eval", ...model, "--suite", "geneval", "--judge", join(folder, "none"));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/There is no folder .*none\. Point the command to a complete folder\./);
  });
});

describe("unirl eval --suite quantisation", { timeout: START_TIMEOUT_MS }, () => {
  it("sets the formats asked for against f32, with or without a trained adapter", async () => {
    const lines = await evaluate("--suite", "quantisation", "--limit", "2");
    expect(lines.map(({ weights }) => weights)).toEqual(["int8", "int4"]);
    for (const line of lines) {
      const { cosines, bytes, f32Bytes } = line as { cosines: object; bytes: number; f32Bytes: number };
      expect(Object.keys(cosines)).toEqual(["both", "image", "answer"]);
      for (const value of Object.values(cosines)) expect(value).toBeGreaterThan(0.9);
      expect(bytes).toBeLessThan(f32Bytes / 3);
      expect(line).toMatchObject({ samples: 2, backend: "wasm", adapter: null });
    }
    const missing = ["--adapter", join(folder, "none.safetensors")];
    await expect(
      evaluate("--suite", "quantisation", "--limit", "2", "--weights", "int8", ...missing),
    ).rejects.toThrow(/There is no readable adapter/);
  });
});

describe("the other judged suites", { timeout: START_TIMEOUT_MS }, () => {
  it("imbalance asks about another's correct images, and draws what it understood", async () => {
    const pool = join(folder, "pool.jsonl");
    await evaluate("--suite", "geneval", "--limit", "6", "--n", "1", "--out", pool);
    const args = ["--suite", "imbalance", "--limit", "4", "--n", "1", "--pool", pool];
    await expect(evaluate(...args)).rejects.toThrow(/was drawn by the model under test itself/);

    const text = await readFile(pool, "utf8");
    // As another model would have drawn it, every image correct and of its prompt's content.
    await writeFile(
      pool,
      text.replace(/"weights":"\w+"/, '"weights":"other"').replaceAll('"correct":false', '"correct":true'),
    );
    const [understood, drawn] = await evaluate(...args);
    expect(understood).toMatchObject({ metric: "Acc(MMU|T2I)", all: { total: 4 } });
    expect(drawn).toMatchObject({ metric: "Acc(T2I|MMU)", pool: { weights: "other" }, all: { total: 6 } });
    const { kept } = (drawn as { all: { kept: number } }).all;
    expect(judgedCount).toBe(4 + kept);

    await writeFile(pool, text.replace(/"tokenizer":"\w+"/, '"tokenizer":"other"'));
    await expect(evaluate(...args)).rejects.toThrow(/tokenizer is other.*same image tokenizer/);
  });

  it("ablations report blind understanding, both other judges and variety", async () => {
    const lines = await evaluate("--suite", "ablations", "--limit", "3", "--n", "2");
    expect(lines.map(({ shown, ablation }) => shown ?? ablation)).toEqual([
      "real",
      "blanked",
      "swapped",
      "outsideJudge",
      "frozenJudge",
      "variety",
    ]);
    expect(lines[4]).toMatchObject({ adapter: null, excess: { mean: 0 }, agreement: { mean: 1 } });
    expect(lines[5]).toMatchObject({ tokenDistance: { count: 3 }, tokenEntropy: { count: 3 } });
  });

  it("ceiling judges true scenes, painted and after the tokenizer", async () => {
    const lines = await evaluate("--suite", "ceiling", "--scenes", "12");
    expect(lines.map(({ source, scenes }) => [source, scenes])).toEqual([
      ["painted", 12],
      ["reconstructed", 12],
    ]);
    expect(judgedCount).toBe(24);
    // The detector sees a dog everywhere, and one dog alone is wrong for the scenes that ask for something else.
    expect(lines[0]).toMatchObject({ judge: "telling", tasks: { counting: 0, two_object: 0 } });
  });
});
