/** Every kind of file goes where it belongs, and what is none of them is refused in words. */
import { beforeEach, describe, expect, it } from "vitest";
import { makeConfig } from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import { packArchive } from "../../formats/archive.ts";
import { encodeText } from "../../formats/bytes.ts";
import { embedText } from "../../formats/pngText.ts";
import { encodeRgb } from "../../formats/rgbPng.ts";
import { PNG_KEYWORD, type SharedConfig, writeSharedConfig } from "../../formats/sharedConfig.ts";
import type { Command } from "../../protocol/commands.ts";
import type { ActionContext } from "../actions/action.ts";
import { readFiles } from "./readFiles.ts";
import { createSharingStore, type SharingView } from "./sharingStore.ts";

const SHARED: SharedConfig = {
  modelId: "nano",
  preset: "robust",
  config: makeConfig("robust", { seed: 12 }),
  seed: 12,
  step: 40,
  program: "0.1.0",
  link: "https://host/app/",
};
const PNG = encodeRgb({ width: 2, height: 2, rgb: new Uint8Array(12) });
const ZIP = await packArchive(new Map([["run.json", encodeText("{}")]]), Date.UTC(2026, 1));
const TENSORS = Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]);

/** Whether the model is open already; opening it is written down as "play". */
let opening: "idle" | "ready" = "ready";
beforeEach(() => {
  opening = "ready";
});

async function open(...files: [string, Uint8Array][]): Promise<{ view: SharingView; sent: Command[] }> {
  const store = createSharingStore();
  const sent: Command[] = [];
  const session = {
    open: async () => void sent.push({ type: "play" }),
    send: (command: Command) => sent.push(command),
  };
  const run = { getState: () => ({ opening }) };
  const context = { page: { live: { session, stores: { run } } }, sharing: { store } };
  const chosen = files.map(([name, bytes]) => new File([bytes as Uint8Array<ArrayBuffer>], name));
  await readFiles(context as unknown as ActionContext, chosen);
  return { view: store.getState(), sent };
}

describe("a file that is opened", () => {
  it("gives its settings when it is a picture of this page", async () => {
    const { view, sent } = await open(["a.png", embedText(PNG, PNG_KEYWORD, writeSharedConfig(SHARED))]);
    expect(view.notice).toEqual({ kind: "configFound", shared: SHARED });
    expect(sent).toEqual([]);
  });

  it("is drawn behind the curves when it holds metrics", async () => {
    const { view } = await open([
      "run.jsonl",
      encodeText('{"step":1,"rewardMean":0.5}\n{"step":2,"rewardMean":1}\n'),
    ]);
    expect(view.comparison?.name).toBe("run.jsonl");
    expect(Array.from(view.comparison?.columns.column("rewardMean") ?? [])).toEqual([0.5, 1]);
    expect(view.notice).toMatchObject({ kind: "done" });
  });

  it.each([
    ["a zip", [["run.zip", ZIP]]],
    ["a checkpoint or an adapter", [["adapter_model.safetensors", TENSORS]]],
    [
      "an adapter with its settings",
      [
        ["adapter_config.json", encodeText('{"r":2}')],
        ["a.safetensors", TENSORS],
      ],
    ],
  ] as [string, [string, Uint8Array][]][])("goes to the worker when it is %s", async (_name, files) => {
    const { sent, view } = await open(...files);
    expect(sent).toEqual([{ type: "importRun", files: files.map(([name, bytes]) => ({ name, bytes })) }]);
    expect(view.notice).toBeNull();
  });
});

describe("a run that comes before the model is open", () => {
  it("has it opened first", async () => {
    opening = "idle";
    const { sent } = await open(["run.zip", ZIP]);
    expect(sent.map(({ type }) => type)).toEqual(["play", "importRun"]);
  });
});

describe("a file that is refused", () => {
  const refusal = async (...files: [string, Uint8Array][]): Promise<string> => {
    try {
      await open(...files);
    } catch (error) {
      return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
    }
    return "none";
  };

  it.each([
    ["a picture without settings", "cat.png", PNG, "fileUnknown"],
    [
      "a picture with another program's text",
      "sd.png",
      embedText(PNG, "parameters", "steps: 20"),
      "fileUnknown",
    ],
    ["a picture that was cut", "cut.png", embedText(PNG, PNG_KEYWORD, "{}").slice(0, -9), "fileCorrupt"],
    [
      "a picture with settings of the future",
      "new.png",
      embedText(PNG, PNG_KEYWORD, '{"format":"unirl-config","version":9}'),
      "fileTooNew",
    ],
    ["settings without their adapter", "adapter_config.json", encodeText('{\n"r": 2\n}'), "fileUnknown"],
    [
      "metrics of no step",
      "m.jsonl",
      encodeText('{"format":"unirl-metrics","version":1,"modelId":"nano","preset":"robust","seed":0}\n'),
      "fileUnknown",
    ],
    ["prose", "letter.txt", encodeText("Dear diary"), "fileUnknown"],
    ["bytes", "x.bin", Uint8Array.from([200, 1, 2]), "fileUnknown"],
    ["nothing", "empty", new Uint8Array(0), "fileUnknown"],
  ])("is %s", async (_name, fileName, bytes, code) => {
    expect(await refusal([fileName, bytes])).toBe(code);
  });

  it("comes with others that it does not belong to", async () => {
    expect(await refusal(["a.zip", ZIP], ["b.zip", ZIP])).toBe("fileUnknown");
    expect(await refusal()).toBe("fileUnknown");
  });

  it("is too large, and is not even read", async () => {
    const huge = {
      name: "huge.zip",
      size: 600_000_000,
      arrayBuffer: () => Promise.reject(new Error("was read")),
    };
    const context = { sharing: { store: createSharingStore() } } as unknown as ActionContext;
    await expect(readFiles(context, [huge as unknown as File])).rejects.toMatchObject({
      code: "fileTooLarge",
    });
  });

  it("cannot be read, as a folder", async () => {
    const folder = { name: "runs", size: 0, arrayBuffer: () => Promise.reject(new DOMException("a folder")) };
    const context = { sharing: { store: createSharingStore() } } as unknown as ActionContext;
    await expect(readFiles(context, [folder as unknown as File])).rejects.toMatchObject({
      code: "fileUnknown",
    });
  });
});
