import { expect, it } from "vitest";
import { packArchive } from "./archive.ts";
import { encodeText } from "./bytes.ts";
import { findKind } from "./fileKind.ts";
import { encodeRgb } from "./rgbPng.ts";

const header = encodeText('{"__metadata__":{"format":"pt"}}');
const tensors = new Uint8Array(8 + header.length);
tensors[0] = header.length;
tensors.set(header, 8);

it.each([
  ["a PNG", encodeRgb({ width: 1, height: 1, rgb: new Uint8Array(3) }), "picture"],
  ["a zip", await packArchive(new Map([["a", encodeText("a")]]), Date.UTC(2026, 1)), "archive"],
  ["an empty zip", Uint8Array.from([0x50, 0x4b, 5, 6, ...new Array(18).fill(0)]), "archive"],
  ["safetensors", tensors, "tensors"],
  ["metrics", encodeText('{"step":1}\n{"step":2}\n'), "lines"],
  ["one line of metrics", encodeText('{"step":1}'), "lines"],
  ["an adapter's settings", encodeText('{\n  "r": 16\n}\n'), "json"],
  ["a long text of wide characters", encodeText(`{"step":1,"prompt":"${"ß€".repeat(2000)}"}\n`), "json"],
  ["prose", encodeText("hello"), "unknown"],
  ["nothing", new Uint8Array(0), "unknown"],
  ["bytes", Uint8Array.from({ length: 64 }, (_, at) => 255 - at), "unknown"],
] as const)("tells %s by its beginning", (_name, bytes, kind) => {
  expect(findKind(bytes)).toBe(kind);
});
