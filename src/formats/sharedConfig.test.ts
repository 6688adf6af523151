import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import { parseSharedConfig, type SharedConfig, writeSharedConfig } from "./sharedConfig.ts";

const SHARED: SharedConfig = {
  modelId: "nano",
  preset: "robust",
  config: makeConfig("robust", { seed: 12, temperature: 0.85, objective: "sft" }),
  seed: 12,
  step: 40,
  program: "0.1.0",
  link: "https://host/app/#/train",
};

const change = (changes: object): string =>
  JSON.stringify({ ...JSON.parse(writeSharedConfig(SHARED)), ...changes });

const refusal = (text: string): string => {
  try {
    parseSharedConfig(text);
  } catch (error) {
    return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
  }
  return "none";
};

describe("settings in a picture", () => {
  it("come back as they were", () => {
    expect(parseSharedConfig(writeSharedConfig(SHARED))).toEqual(SHARED);
  });

  it("of an earlier version get today's defaults for what they lack", () => {
    const { temperature: _gone, ...config } = SHARED.config;
    expect(parseSharedConfig(change({ config })).config.temperature).toBe(makeConfig().temperature);
  });

  it.each([
    ["no JSON", "{", "fileCorrupt"],
    ["an empty text", "", "fileCorrupt"],
    ["another program's JSON", '{"prompt":"a cat","steps":20}', "fileUnknown"],
    ["no object", "[1,2]", "fileUnknown"],
    ["a later version", change({ version: 2 }), "fileTooNew"],
    ["a version that is none", change({ version: "1" }), "fileCorrupt"],
    ["a setting of the future", change({ config: { ...SHARED.config, warpFactor: 9 } }), "fileTooNew"],
    ["a setting out of range", change({ config: { ...SHARED.config, groupSize: 1 } }), "fileCorrupt"],
    ["a step that is no number", change({ step: "40" }), "fileCorrupt"],
    ["a missing part", change({ config: undefined }), "fileCorrupt"],
  ])("with %s are refused", (_name, text, code) => {
    expect(refusal(text)).toBe(code);
  });

  it("believe the configuration where the seeds differ", () => {
    expect(parseSharedConfig(change({ seed: 99 })).seed).toBe(12);
  });

  it("cut anywhere are refused", () => {
    const text = writeSharedConfig(SHARED);
    for (let end = 0; end < text.length; end++)
      expect(refusal(text.slice(0, end)), `cut at ${end}`).toBe("fileCorrupt");
  });
});
