import { describe, expect, it } from "vitest";
import { listMagvit2Parameters } from "../magvit2/parameters.ts";
import { importConfig, originalFiles, requireOriginal } from "./original.ts";
import { listShowoParameters } from "./weights.ts";

const tokenizer = { added_tokens: [{ id: 50256, content: "<|endoftext|>" }] };
const published = { ...originalFiles("showo-512", "full"), tokenizer, languageModel: undefined };
const sizeOf = (shapes: Iterable<readonly number[]>) =>
  [...shapes].reduce((total, shape) => total + shape.reduce((product, size) => product * size, 1), 0);
const describeAll = (shapes: ReadonlyMap<string, readonly number[]>) =>
  new Map([...shapes].map(([name, shape]) => [name, { dtype: "F32" as const, shape }]));

const tiny = {
  ...originalFiles("showo-256", "tiny"),
  tokenizer: { added_tokens: [{ id: 63, content: "<|endoftext|>" }] },
};

describe("importConfig", () => {
  it("gives the published sizes, ids and parameter counts", () => {
    const { config, json } = importConfig(published);
    expect(config).toMatchObject({
      vocabSize: 58498,
      imageOffset: 50305,
      maskId: 58497,
      imageTokenCount: 1024,
      layerCount: 24,
      special: { pad: 50295, soi: 50296, eoi: 50297, t2i: 50300, mmu: 50301, sot: 50256, eot: 50256 },
      rotary: { headSize: 64, rotarySize: 32, base: 10000 },
      generation: { steps: 50, guidanceScale: 5 },
    });
    expect(json).toMatchObject({ magvitv2: { encoder: { resolution: 512 } } });
    // spec/showo.md section 7.
    expect(sizeOf(listShowoParameters(config).values())).toBe(1_448_176_770);
    const image = [...listMagvit2Parameters(config.magvit2)];
    const half = (name: string) =>
      sizeOf(image.filter(([key]) => key.startsWith(name)).map(([, shape]) => shape));
    expect([half("encoder."), half("decoder.")]).toEqual([55_439_171, 39_947_833]);
  });

  it("takes 256 px and the sizes of another Phi", () => {
    const { config, json } = importConfig(tiny);
    expect(config).toMatchObject({
      hiddenSize: 64,
      layerCount: 2,
      imageTokenCount: 16,
      generation: { steps: 16 },
    });
    expect(json).toMatchObject({ magvitv2: { decoder: { resolution: 64 } } });
  });

  it.each([
    [{ showo: {} }, "modelCorrupt", /transformer's config\.json .*vocab_size/],
    [{ showo: { ...(published.showo as object), w_clip_vit: true } }, "fileUnknown", /CLIP/],
    [{ showo: { ...(published.showo as object), num_vq_tokens: 255 } }, "modelCorrupt", /num_vq_tokens/],
    [{ languageModel: { hidden_act: "silu" } }, "modelCorrupt", /hidden_act/],
    [{ tokenizer: { added_tokens: [] } }, "modelCorrupt", /no <\|endoftext\|>/],
    [{ tokenizer: undefined }, "modelCorrupt", /tokenizer\.json/],
  ])("refuses %j", (change, code, message) => {
    expect(() => importConfig({ ...published, ...change })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe("requireOriginal", () => {
  const { config } = importConfig(tiny);
  const transformer = describeAll(listShowoParameters(config));
  const image = describeAll(listMagvit2Parameters(config.magvit2));

  it("takes a whole model, with or without derivable buffers", () => {
    requireOriginal(config, transformer, image);
    const buffers = describeAll(
      new Map([
        ["quantize.embedding", [32, 5]],
        ["quantize.power_vals", [5]],
      ]),
    );
    requireOriginal(config, transformer, new Map([...image, ...buffers]));
  });

  it("names everything that is missing, misshapen or unexpected in either part", () => {
    const changed = new Map(transformer);
    changed.delete("showo.lm_head.bias");
    changed.set("showo.lm_head.weight", { dtype: "F32", shape: [1, 2] });
    const more = new Map([...image, ...describeAll(new Map([["mm_projector.0.bias", [1]]]))]);
    more.delete("decoder.conv_out.bias");
    const parts = [
      "showo.lm_head.bias is missing",
      "showo.lm_head.weight is [1, 2] instead of [107, 64]",
      "decoder.conv_out.bias is missing",
      "mm_projector.0.bias is unexpected",
    ];
    expect(() => requireOriginal(config, changed, more)).toThrow(
      expect.objectContaining({ code: "modelCorrupt", message: expect.stringContaining(parts.join("; ")) }),
    );
  });
});
