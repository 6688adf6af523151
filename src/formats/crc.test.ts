import { expect, it } from "vitest";
import { encodeText } from "./bytes.ts";
import { crc32, crc32c } from "./crc.ts";

it("gives the check values that both polynomials are published with", () => {
  expect(crc32(encodeText("123456789"))).toBe(0xcbf43926);
  expect(crc32c(encodeText("123456789"))).toBe(0xe3069283);
});

it("sums parts one after the other", () => {
  expect(crc32(encodeText("6789"), crc32(encodeText("12345")))).toBe(0xcbf43926);
});

it("agrees with RFC 3720's examples of Castagnoli", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
});
