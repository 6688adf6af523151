/** The event file read back by a reader of its own, written from the same specification: framing, checksums, messages. */
import { describe, expect, it } from "vitest";
import { encodeText, joinBytes } from "./bytes.ts";
import { crc32c } from "./crc.ts";
import { type EventImage, maskCrc, writeEvents } from "./tensorBoard.ts";

type Field = readonly [field: number, value: number | Uint8Array];

function readRecords(file: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskCrc(crc32c(file.subarray(at, at + 8))));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskCrc(crc32c(data)));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

function readMessage(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const type = key % 8;
    if (type === 0) fields.push([field, varint()]);
    else if (type === 1) {
      fields.push([field, view.getFloat64(at, true)]);
      at += 8;
    } else if (type === 5) {
      fields.push([field, view.getFloat32(at, true)]);
      at += 4;
    } else {
      const length = varint();
      fields.push([field, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

const text = (value: unknown): string => new TextDecoder().decode(value as Uint8Array);
const get = (fields: readonly Field[], wanted: number): unknown =>
  fields.find(([field]) => field === wanted)?.[1];
const sub = (fields: readonly Field[], wanted: number): Field[] =>
  readMessage(get(fields, wanted) as Uint8Array);

const PNG = Uint8Array.from({ length: 300 }, (_, at) => at % 256);
const IMAGE: EventImage = { step: 5, tag: "film/0 two apples", width: 64, height: 32, png: PNG };
const ROWS = [
  { step: 4, values: { rewardMean: 0.5, stepSeconds: 2, "reward/counting": 0.25 } },
  { step: 5, values: { rewardMean: 0.75, stepSeconds: 3 } },
];

describe("a TensorBoard event file", () => {
  const records = readRecords(joinBytes([...writeEvents(ROWS, [IMAGE], 1_700_000_000)])).map(readMessage);

  it("begins with its version", () => {
    expect([get(records[0] ?? [], 1), text(get(records[0] ?? [], 3))]).toEqual([
      1_700_000_000,
      "brain.Event:2",
    ]);
  });

  it("has every number of every step at its time", () => {
    const read = records.slice(1, 3).map((event) => {
      const values = sub(event, 5).map(([, value]) => readMessage(value as Uint8Array));
      return [
        get(event, 1),
        get(event, 2),
        Object.fromEntries(values.map((value) => [text(get(value, 1)), get(value, 2)])),
      ];
    });
    expect(read).toEqual([
      [1_700_000_002, 4, { "train/rewardMean": 0.5, "train/stepSeconds": 2, "reward/counting": 0.25 }],
      [1_700_000_005, 5, { "train/rewardMean": 0.75, "train/stepSeconds": 3 }],
    ]);
  });

  it("has the drawings with their sizes and bytes", () => {
    expect(records).toHaveLength(4);
    const event = records[3] ?? [];
    const value = sub(sub(event, 5), 1);
    const image = sub(value, 4);
    expect([get(event, 2), text(get(value, 1))]).toEqual([5, IMAGE.tag]);
    expect([get(image, 1), get(image, 2), get(image, 3), get(image, 4)]).toEqual([32, 64, 3, PNG]);
  });

  it("frames a record as TensorFlow's writer does", () => {
    // Masked CRCs by the published formula, from the check value of Castagnoli: rotr15(e3069283) + a282ead8.
    expect(maskCrc(crc32c(encodeText("123456789")))).toBe((0x2507c60d + 0xa282ead8) % 2 ** 32);
  });

  it("leaves a run without steps readable", () => {
    expect(readRecords(joinBytes([...writeEvents([], [], 0)]))).toHaveLength(1);
  });
});
