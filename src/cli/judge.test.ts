/** `unirl judge` from outside: what it prints for good files, and the one line for bad ones. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { colouredObject, counting, singleObject } from "../engine/world/sentences.ts";
import { START_TIMEOUT_MS, unirl } from "./__fixtures__/unirl.ts";

const shared = process.env.UNIRL_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const golden = `${shared}/golden/geneval`;

const seen = (score: number, color?: string) => ({ box: [0, 0, 10, 10], score, ...(color && { color }) });
const jsonLines = (...values: unknown[]) => `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
const parseLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

let folder: string;
const write = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unirl-judge-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("unirl judge", { timeout: START_TIMEOUT_MS }, () => {
  it("prints a line for each image, then the summary; prompts outside the world are not scored", async () => {
    const prompts = [
      singleObject("dog"),
      counting("dog", 2),
      singleObject("zebra"),
      singleObject("umbrella"),
    ];
    const list = await write("list.jsonl", jsonLines(...prompts));
    const detections = await write(
      "good.jsonl",
      jsonLines(
        { prompt: "a photo of a dog", detections: { dog: [seen(0.8)] } },
        { metadata: counting("dog", 2), detections: { dog: [seen(0.95)] } },
        { prompt: "a photo of a zebra", detections: { zebra: [seen(0.8)] } },
      ),
    );
    const args = ["--detections", detections, "--metadata", list, "--world", "public/models/nano", "--json"];
    const { exitCode, stdout, stderr } = await unirl("judge", ...args);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const [dog, dogs, zebra, summary] = parseLines(stdout);
    expect(dog).toMatchObject({ line: 1, verdict: "correct", correct: true, failures: 0, reasons: [] });
    expect(dogs).toMatchObject({
      verdict: "wrong",
      failures: 1,
      reasons: [{ kind: "tooFew", class: "dog", text: "asked for 2 dog, found 1" }],
    });
    expect(zebra).toMatchObject({ verdict: "skipped", correct: null, skipped: "the world has no zebra" });
    expect(summary).toMatchObject({
      tasks: { single_object: 1, counting: 0 },
      overall: 0.5,
      correctImages: 0.5,
      correctPrompts: 0.5,
      missingTasks: ["two_object", "colors", "position", "color_attr"],
      images: 2,
      prompts: 2,
      skippedImages: 1,
      promptsWithoutImages: 1,
      skippedPrompts: [{ prompt: "a photo of a zebra", reason: "the world has no zebra" }],
    });
    const text = await unirl("judge", ...args.slice(0, -1));
    expect(text.stdout).toMatch(/^wrong {4}a photo of two dogs: asked for 2 dog, found 1$/m);
    expect(text.stdout).toMatch(/^ {2}mean of tasks {3}50\.0 % {2}\(50\.0 % to 50\.0 %, n = 2\)$/m);
    expect(text.stdout).toMatch(/^ {2}skipped prompts: 1, the world/m);
  });

  it("fails when nothing could be scored", async () => {
    const line = { metadata: singleObject("zebra"), detections: {} };
    const detections = await write("zebra.jsonl", jsonLines(line));
    const args = ["--detections", detections, "--world", "public/models/nano"];
    const { exitCode, stdout } = await unirl("judge", ...args);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/No image could be scored/);
  });

  it.each<[string, string, RegExp]>([
    [
      "broken JSON",
      `${jsonLines({ metadata: singleObject("dog"), detections: {} })}{"meta`,
      /bad\.jsonl, line 2: this is no JSON/,
    ],
    [
      "an unknown tag",
      jsonLines({ metadata: { ...singleObject("dog"), tag: "x" }, detections: {} }),
      /line 1: "metadata\.tag" is "x"/,
    ],
    [
      "a colour that is needed and missing",
      jsonLines({ metadata: colouredObject("dog", "red"), detections: { dog: [seen(0.5)] } }),
      /bad\.jsonl, line 1: a dog has no "color"/,
    ],
  ])("says in one line what is wrong with %s", async (_, text, message) => {
    const { exitCode, stdout, stderr } = await unirl("judge", "--detections", await write("bad.jsonl", text));
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("wants a file, and one that is there", async () => {
    expect(await unirl("judge")).toMatchObject({ exitCode: 2, stdout: "" });
    const missing = await unirl("judge", "--detections", join(folder, "none.jsonl"));
    expect(missing).toMatchObject({ exitCode: 1, stdout: "" });
    expect(missing.stderr).toMatch(/Cannot read .*none\.jsonl/);
  });

  it("loses nothing of an output that is longer than a pipe", async () => {
    const many = Array.from({ length: 2212 }, () => ({ metadata: singleObject("dog"), detections: {} }));
    const { stdout } = await unirl(
      "judge",
      "--detections",
      await write("many.jsonl", jsonLines(...many)),
      "--json",
    );
    expect(parseLines(stdout)).toHaveLength(2213);
  });

  it.skipIf(!existsSync(golden))("meets the official code's verdicts and scores", async () => {
    const { exitCode, stdout } = await unirl("judge", "--detections", `${golden}/judge-a.jsonl`, "--json");
    expect(exitCode).toBe(0);
    const given = parseLines(readFileSync(`${golden}/judge-a.jsonl`, "utf8"));
    const printed = parseLines(stdout);
    const verdicts = (lines: typeof given) => lines.map(({ correct, failures }) => ({ correct, failures }));
    expect(verdicts(printed.slice(0, -1))).toEqual(verdicts(given));
    const expected: unknown = JSON.parse(readFileSync(`${golden}/judge-a.scores.json`, "utf8"));
    const { tasks, overall } = printed.at(-1) ?? {};
    expect({ tasks, overall }).toEqual(expected);
  });
});
