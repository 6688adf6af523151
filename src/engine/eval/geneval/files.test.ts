import { describe, expect, it } from "vitest";
import { positioned, singleObject } from "../../world/sentences.ts";
import { worldPreset } from "../../world/worldSpec.ts";
import { parseDetectionFile } from "./detectionFile.ts";
import { metadataKey, parseMetadata } from "./metadata.ts";
import { outsideWorld } from "./outsideWorld.ts";

const jsonLines = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join("\n");
const metadata = positioned("dog", "left of", "cat");
const detections = { dog: [{ box: [0, 0, 10, 10], score: 0.5 }] };

/** The one line that a file's reader gives up with. */
function complaint(read: () => unknown): string {
  try {
    read();
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "badInput" });
    return (thrown as Error).message;
  }
  throw new Error("the file was accepted");
}

describe("metadata files", () => {
  const read = (text: string) => parseMetadata({ name: "list.jsonl", text });

  it("are read in order, with UniRL's question where it is there", () => {
    const asked = { ...singleObject("dog"), question: "What is it?", answer: "dog" };
    const text = `${jsonLines(metadata)}\r\n\n${jsonLines({ ...asked, further: 1 })}\n`;
    expect(read(text)).toEqual([metadata, asked]);
    expect(metadataKey(asked)).toBe(metadataKey(singleObject("dog")));
    expect(metadataKey(asked)).not.toBe(metadataKey(singleObject("cat")));
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", `${jsonLines(metadata)}\n{"tag": `, /^list\.jsonl, line 2: this is no JSON\. Write one/],
    [
      "an unknown tag",
      jsonLines({ ...metadata, tag: "shape" }),
      /line 1: "tag" is "shape"; it must be one of single_object, /,
    ],
    ["a missing key", jsonLines({ tag: "counting", prompt: "x" }), /"include" is missing; it must be a list/],
    [
      "an empty list",
      jsonLines({ ...metadata, include: [] }),
      /"include" is \[\]; it must be a list that is not empty/,
    ],
    ["a list as record", "[]", /the line is \[\]; it must be an object with "tag"/],
    [
      "a count of none",
      jsonLines({ ...metadata, include: [{ class: "dog", count: 0 }] }),
      /"include\[0\]\.count" is 0; it must be at least 1/,
    ],
    [
      "an unknown colour",
      jsonLines({ ...metadata, include: [{ class: "dog", count: 1, color: "gray" }] }),
      /"include\[0\]\.color" is "gray"; it must be one of red, /,
    ],
    [
      "an unknown relation",
      jsonLines({ ...metadata, include: [{ class: "dog", count: 1, position: ["near", 0] }] }),
      /is "near"; it must be one of left of, /,
    ],
    [
      "a target that is not earlier",
      jsonLines({ ...metadata, include: [{ class: "dog", count: 1, position: ["above", 0] }] }),
      /"include\[0\]\.position" is \["above",0\]; it must be \[relation, index of an earlier/,
    ],
    ["nothing", "\n \n", /^list\.jsonl is empty\. Write one JSON object per line\.$/],
  ])("with %s say what to do", (_, text, message) => {
    expect(complaint(() => read(text))).toMatch(message);
    expect(complaint(() => read(text))).not.toContain("\n");
  });
});

describe("detection files", () => {
  const read = (...values: unknown[]) => parseDetectionFile({ name: "d.jsonl", text: jsonLines(...values) });
  const withObject = (object: unknown) => ({ metadata, detections: { dog: [object] } });

  it("give metadata and detections, and drop what else is there", () => {
    const image = { metadata, detections, correct: true };
    expect(read(image, image)).toEqual([
      { line: 1, metadata, detections },
      { line: 2, metadata, detections },
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ["no detections", { metadata }, /^d\.jsonl, line 1: "detections" is missing; it must be an object with/],
    ["no metadata", { detections }, /"metadata" is missing/],
    [
      "an unknown tag",
      { metadata: { ...metadata, tag: "style" }, detections },
      /"metadata\.tag" is "style"; it must be one of/,
    ],
    [
      "no score",
      withObject({ box: [0, 0, 1, 1] }),
      /"detections\.dog\[0\]\.score" is missing; it must be a number from 0 to 1/,
    ],
    [
      "a percentage as score",
      withObject({ box: [0, 0, 1, 1], score: 93 }),
      /score" is 93; it must be a number from 0 to 1/,
    ],
    [
      "a score as text",
      withObject({ box: [0, 0, 1, 1], score: "0.5" }),
      /score" is "0\.5"; it must be a number/,
    ],
    [
      "no box",
      withObject({ score: 0.5 }),
      /"detections\.dog\[0\]\.box" is missing; it must be \[x1, y1, x2, y2\]/,
    ],
    ["a short box", withObject({ box: [0, 0, 1], score: 0.5 }), /box" is \[0,0,1\]; it must be \[x1/],
    [
      "a box of x, y, width, height",
      withObject({ box: [50, 50, 20, 60], score: 0.5 }),
      /box" is \[50,50,20,60\]; it must be \[x1/,
    ],
    [
      "an object instead of a list",
      { metadata, detections: { dog: { box: [0, 0, 1, 1] } } },
      /"detections\.dog" is .*; it must be a list of objects/,
    ],
    [
      "a colour that is no name",
      withObject({ box: [0, 0, 1, 1], score: 0.5, color: 7 }),
      /color" is 7; it must be the name/,
    ],
  ])("with %s say what to do", (_, value, message) => {
    expect(complaint(() => read(value))).toMatch(message);
  });

  it("may name prompts of a list instead, and must agree with it", () => {
    const list = { name: "list.jsonl", records: [metadata] };
    const file = (value: unknown) => ({ name: "d.jsonl", text: jsonLines(value) });
    const given = { line: 1, metadata, detections };
    expect(parseDetectionFile(file({ prompt: metadata.prompt, detections }), list)).toEqual([given]);
    expect(parseDetectionFile(file({ metadata, detections }), list)).toEqual([given]);
    const other = {
      ...metadata,
      include: [...metadata.include].reverse().map(({ position: _, ...rest }) => rest),
    };
    const refuse = (value: unknown) => complaint(() => parseDetectionFile(file(value), list));
    expect(refuse({ metadata: other, detections })).toMatch(
      /line 1: its metadata and that of list\.jsonl differ/,
    );
    expect(refuse({ prompt: "a photo of a cow", detections })).toMatch(
      /"a photo of a cow" is not in list\.jsonl/,
    );
    expect(refuse({ detections })).toMatch(/"prompt" is missing/);
  });
});

describe("outsideWorld", () => {
  it("names the first class or colour that is not there", () => {
    const nano = worldPreset("nano");
    expect(outsideWorld(singleObject("dog"), nano)).toBeNull();
    expect(outsideWorld(metadata, nano)).toBe("the world has no cat");
    const pink = { ...singleObject("dog"), include: [{ class: "dog", count: 1, color: "pink" }] };
    expect(outsideWorld(pink, nano)).toBe("the world has no pink");
  });
});
