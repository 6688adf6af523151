/** What a lesson says and what its recording shows are the same run. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { recordingManifestSchema } from "../../protocol/recording.ts";
import { configOf, LESSON_MODEL, LESSONS } from "./lessons.ts";

const RUNS = new URL("../../../public/runs/", import.meta.url);
const readRun = (path: string) => readFile(new URL(path, RUNS));

describe.each(LESSONS)("the lesson “$title”", (lesson) => {
  it("is recorded with its own settings, and the file is the one that is listed", async () => {
    const { runs } = recordingManifestSchema.parse(JSON.parse((await readRun("manifest.json")).toString()));
    const run = runs.find(({ id }) => id === lesson.id);
    expect(run).toMatchObject({
      title: lesson.title,
      lesson: lesson.id,
      modelId: LESSON_MODEL,
      preset: lesson.preset,
      config: configOf(lesson),
    });
    const bytes = await readRun(`${lesson.id}/${run?.file}`);
    expect(bytes.length).toBe(run?.bytes);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(run?.sha256);
  });
});
