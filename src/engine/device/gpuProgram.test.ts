import { describe, expect, it } from "vitest";
import { type GpuProgram, packUniforms, programFeatures, spreadGroups, writeWgsl } from "./gpuProgram.ts";

const PROGRAM: GpuProgram = {
  name: "scale",
  inputs: { x: "vec4<f32>" },
  outputs: { y: "vec4<f32>" },
  uniforms: { count: "u32", offset: "i32", factor: "f32" },
  body: "@compute @workgroup_size(64) fn main() {}",
};

describe("a shader as data", () => {
  it("declares buffers and uniforms in the order of the call", () => {
    expect(writeWgsl(PROGRAM)).toBe(
      [
        "@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;",
        "@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;",
        "struct Params { count: u32, offset: i32, factor: f32, }",
        "@group(0) @binding(2) var<uniform> params: Params;",
        PROGRAM.body,
      ].join("\n"),
    );
  });

  it("asks for features before all else", () => {
    const text = writeWgsl({ ...PROGRAM, features: ["f16", "subgroups"] });
    expect(text.split("\n").slice(0, 4)).toEqual([
      "enable f16;",
      "enable subgroups;",
      "requires subgroup_id;",
      "@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;",
    ]);
  });

  it("writes for features that both device and language have", () => {
    const device = new Set(["shader-f16", "subgroups", "timestamp-query"]);
    expect([...programFeatures(device, new Set(["subgroup_id"]))]).toEqual(["f16", "subgroups"]);
    expect([...programFeatures(device, new Set())]).toEqual(["f16"]);
    expect([...programFeatures(new Set(), new Set(["subgroup_id"]))]).toEqual([]);
  });

  it("packs uniforms by their types, padded to 16 bytes", () => {
    const bytes = packUniforms(PROGRAM, { factor: 0.5, offset: -2, count: 4e9 });
    const view = new DataView(bytes);
    expect(bytes.byteLength).toBe(16);
    expect([view.getUint32(0, true), view.getInt32(4, true), view.getFloat32(8, true)]).toEqual([
      4e9, -2, 0.5,
    ]);
  });

  it("refuses a missing uniform and more buffers than every device binds", () => {
    expect(() => packUniforms(PROGRAM, { count: 1, factor: 1 })).toThrow("needs a value for offset");
    const names = Array.from({ length: 9 }, (_, at) => [`x${at}`, "f32"] as const);
    expect(() => writeWgsl({ ...PROGRAM, inputs: Object.fromEntries(names) })).toThrow("binds 10 buffers");
  });

  it("spreads many groups over two dimensions, missing none", () => {
    expect(spreadGroups(65_535)).toEqual([65_535, 1, 1]);
    for (const count of [65_536, 131_071, 1_000_003]) {
      const [x, y] = spreadGroups(count);
      expect(x).toBeLessThanOrEqual(65_535);
      expect(x * y).toBeGreaterThanOrEqual(count);
      expect(x * y - count).toBeLessThan(y);
    }
  });
});
