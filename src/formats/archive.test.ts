import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/errors.ts";
import { packArchive, unpackArchive } from "./archive.ts";
import { encodeText } from "./bytes.ts";
import { sha256 } from "./sha256.ts";

const SAVED_AT_MS = Date.UTC(2026, 10, 23, 12);
const FILES = new Map([
  ["README.md", encodeText("# A run\n".repeat(20))],
  ["run.json", encodeText('{"step":3}')],
  ["adapter/adapter_model.safetensors", Uint8Array.from({ length: 400 }, (_, at) => (at * 89) % 256)],
]);

const refusal = async (zip: Uint8Array): Promise<string> => {
  try {
    await unpackArchive(zip);
  } catch (error) {
    return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
  }
  return "none";
};

describe("an archive", () => {
  it("gives back every file", async () => {
    expect(await unpackArchive(await packArchive(FILES, SAVED_AT_MS))).toEqual(FILES);
  });

  it("is the same bytes every time", async () => {
    expect(await packArchive(FILES, SAVED_AT_MS)).toEqual(await packArchive(FILES, SAVED_AT_MS));
  });

  it("packs texts and leaves weights as they are", async () => {
    const zip = await packArchive(FILES, SAVED_AT_MS);
    expect(zip.length).toBeLessThan(160 + 400 + 1100);
  });

  it("is refused wherever it is cut", async () => {
    const zip = await packArchive(FILES, SAVED_AT_MS);
    for (let end = 0; end < zip.length; end++) {
      expect(await refusal(zip.slice(0, end)), `cut at ${end}`).toBe("fileCorrupt");
    }
  });

  it("is refused, or whole all the same, wherever a bit is flipped", async () => {
    const zip = await packArchive(FILES, SAVED_AT_MS);
    const codes = new Map<string, number>();
    for (let at = 0; at < zip.length; at++) {
      for (const bit of at % 5 === 0 ? [1 << (at % 8), 0xff] : [1 << (at % 8)]) {
        const damaged = zip.slice();
        damaged[at] = (damaged[at] ?? 0) ^ bit;
        const code = await refusal(damaged);
        // Dates, attributes and checksums that the zip itself keeps are not content.
        if (code === "none") expect(await unpackArchive(damaged)).toEqual(FILES);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    expect([...codes.keys()].toSorted()).toEqual(["fileCorrupt", "fileTooLarge", "fileUnknown", "none"]);
    expect(codes.get("fileCorrupt")).toBeGreaterThan(zip.length / 2);
  });

  it("leaves out what is not on its list", async () => {
    const list = encodeText(`${await sha256(encodeText("a"))}  a.txt\n`);
    const added = zipSync({ "a.txt": encodeText("a"), "__MACOSX/a.txt": encodeText("b"), SHA256SUMS: list });
    expect(await unpackArchive(added)).toEqual(new Map([["a.txt", encodeText("a")]]));
  });

  it("is refused without a file of its list, and with a list that is none", async () => {
    const list = `${await sha256(encodeText("a"))}  a.txt\n`;
    const missing = zipSync({ SHA256SUMS: encodeText(list) });
    const unreadable = zipSync({ "a.txt": encodeText("a"), SHA256SUMS: encodeText("a.txt is fine\n") });
    expect([await refusal(missing), await refusal(unreadable)]).toEqual(["fileCorrupt", "fileCorrupt"]);
  });

  it("of another kind is refused", async () => {
    expect(await refusal(zipSync({ "a.txt": encodeText("a") }))).toBe("fileUnknown");
    expect(await refusal(encodeText("no zip at all"))).toBe("fileCorrupt");
  });

  it("that would unpack to too much is refused before it is unpacked", async () => {
    const zip = zipSync({ "zeros.bin": new Uint8Array(1000) });
    const view = new DataView(zip.buffer);
    const central = view.getUint32(zip.length - 6, true);
    view.setUint32(central + 24, 2_000_000_000, true);
    expect(await refusal(zip)).toBe("fileTooLarge");
  });
});
