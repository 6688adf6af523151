import { expect, test } from "vitest";
import { expandInt8Rows, readInt8Rows, readValues } from "./int8Rows.ts";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "./safetensors.ts";
import { fromFloat32, toFloat32 } from "./toFloat32.ts";

const int8 = (values: number[], shape: number[]): SafetensorsEntry => ({
  dtype: "I8",
  shape,
  data: new Uint8Array(Int8Array.from(values).buffer),
});

test("int8 rows come back as int8 · scale, and other tensors as they are", () => {
  const file = writeSafetensors(
    new Map([
      ["w", int8([127, -127, 0, 64, 1, -2], [2, 3])],
      ["w.scale", fromFloat32(Float32Array.of(0.5, 2), [2])],
      ["bias.scale", fromFloat32(Float32Array.of(3), [1])],
    ]),
  );
  const tensors = expandInt8Rows(readSafetensors(file).tensors);
  expect([...tensors.keys()].sort()).toEqual(["bias.scale", "w"]);
  const w = tensors.get("w");
  expect(w?.shape).toEqual([2, 3]);
  expect(w && Array.from(toFloat32(w))).toEqual([63.5, -63.5, 0, 128, 2, -4]);
});

test("an int8 tensor without a scale for each row is refused by name", () => {
  const lonely = new Map([["w", int8([1, 2], [2, 1])]]);
  expect(() => expandInt8Rows(lonely)).toThrowError(/w needs w\.scale with 2/);
  const short = new Map([...lonely, ["w.scale", fromFloat32(Float32Array.of(1), [1])] as const]);
  expect(() => expandInt8Rows(short)).toThrowError(/w needs w\.scale with 2/);
});

test("one tensor is read as stored, or as the values that it stands for", () => {
  const tensors = new Map([
    ["w", int8([127, -127, 64, -2], [2, 2])],
    ["w.scale", fromFloat32(Float32Array.of(0.5, 2), [2])],
    ["b", fromFloat32(Float32Array.of(3), [1])],
  ]);
  const stored = readInt8Rows(tensors, "w");
  expect([...(stored?.values ?? [])]).toEqual([127, -127, 64, -2]);
  expect([...(stored?.scales ?? [])]).toEqual([0.5, 2]);
  expect(readInt8Rows(tensors, "b")).toBeNull();
  expect([...readValues(tensors, "w")]).toEqual([63.5, -63.5, 128, -4]);
  expect([...readValues(tensors, "b")]).toEqual([3]);
  expect(() => readValues(tensors, "absent")).toThrowError(/no tensor absent/);
});
