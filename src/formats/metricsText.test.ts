import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/errors.ts";
import { METRICS } from "../protocol/record.ts";
import { listColumns, type MetricRow, parseJsonLines, writeCsv, writeJsonLines } from "./metricsText.ts";

const HEAD = { modelId: "nano", preset: "robust", seed: 3 };
const ROWS: MetricRow[] = [
  { step: 1, values: { rewardMean: 0.5, klImage: 1e-7, "reward/two, or more": 1, stepSeconds: 3.25 } },
  { step: 2, values: { rewardMean: 0.625 } },
];

const refusal = (text: string): string => {
  try {
    parseJsonLines(text);
  } catch (error) {
    return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
  }
  return "none";
};

describe("CSV", () => {
  it("has every metric of the record with its unit, and one line a step", () => {
    const [header, first, second, ...rest] = [...writeCsv(ROWS)].join("").split("\r\n");
    expect(header).toBe(
      "step,rewardMean [0–1],judgedMean [0–1],judgeGap [0–1],rewardStd [0–1],klImage [nats/token],klAnswer [nats/token]," +
        'deadGroupShare [share],gradientNorm,imageEntropy [nats/token],tokenDistance [share],gpuMs [ms],stepSeconds [s],"reward/two, or more"',
    );
    expect(first).toBe("1,0.5,,,,1e-7,,,,,,,3.25,1");
    expect(second).toBe("2,0.625,,,,,,,,,,,,");
    expect(rest).toEqual([""]);
  });

  it("names a column even where no step measured it", () => {
    expect(listColumns([])).toEqual(Object.keys(METRICS));
  });
});

describe("JSON Lines", () => {
  it("come back as they were", () => {
    const text = [...writeJsonLines(ROWS, HEAD)].join("");
    expect(parseJsonLines(text)).toEqual({ head: HEAD, rows: ROWS });
    expect(JSON.parse(text.split("\n")[0] ?? "").units).toMatchObject({
      stepSeconds: "s",
      klImage: "nats/token",
    });
  });

  it("are read as the command line writes them: without a head, with words among the numbers", () => {
    const text =
      '{"type":"stepFinished","step":1,"rewardMean":0.5}\n{"type":"stepFinished","step":2,"rewardMean":1}\n';
    expect(parseJsonLines(text)).toEqual({
      head: null,
      rows: [
        { step: 1, values: { rewardMean: 0.5 } },
        { step: 2, values: { rewardMean: 1 } },
      ],
    });
  });

  it("of a run before its first step have a head only", () => {
    expect(parseJsonLines([...writeJsonLines([], HEAD)].join(""))).toEqual({ head: HEAD, rows: [] });
  });

  it("of a run that was rolled back keep the second try", () => {
    const lines = [1, 2, 3, 2].map((step, at) => JSON.stringify({ step, rewardMean: at }));
    expect(parseJsonLines(lines.join("\n")).rows).toEqual([
      { step: 1, values: { rewardMean: 0 } },
      { step: 2, values: { rewardMean: 3 } },
    ]);
  });

  it.each([
    ["prose", "Dear diary,\n", "fileCorrupt"],
    ["a line cut short", '{"step":1,"rewardMean":0.5}\n{"step":2,"rewa', "fileCorrupt"],
    ["another format", '{"format":"other","version":1}\n', "fileUnknown"],
    ["a later version", '{"format":"unirl-metrics","version":2}\n{"step":1}\n', "fileTooNew"],
    ["lines that are no steps", '{"text":"hello"}\n', "fileUnknown"],
    ["a step that counts nothing", '{"step":0.5}\n', "fileUnknown"],
    ["lists", "[1,2]\n", "fileUnknown"],
    ["too many lines", "\n".repeat(1_000_001), "fileTooLarge"],
  ])("with %s are refused", (_name, text, code) => {
    expect(refusal(text)).toBe(code);
  });

  it("are refused or shortened, never misread, wherever they are cut", () => {
    const text = [...writeJsonLines(ROWS, HEAD)].join("");
    for (let end = 0; end < text.length - 1; end++) {
      const cut = text.slice(0, end);
      if (refusal(cut) === "none")
        expect(ROWS).toEqual(expect.arrayContaining([...parseJsonLines(cut).rows]));
      else expect(refusal(cut), `cut at ${end}`).toBe("fileCorrupt");
    }
  });
});
