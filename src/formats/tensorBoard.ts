/**
 * A run as the event file that TensorBoard reads: one record an event, scalars and images.
 *
 * Source: tensorflow/core/util/event.proto and framework/summary.proto (field numbers), lib/io/record_writer.cc (framing:
 * length, masked CRC of the length, data, masked CRC of the data), lib/hash/crc32c.h (mask).
 */
import { METRICS } from "../protocol/record.ts";
import { joinBytes } from "./bytes.ts";
import { crc32c } from "./crc.ts";
import { listColumns, type MetricRow } from "./metricsText.ts";
import { bytesField, doubleField, floatField, intField, textField } from "./protobuf.ts";

const FILE_VERSION = "brain.Event:2";
const MASK_DELTA = 0xa282ead8;
/** Channels of an RGB image. */
const RGB = 3;

/** Fields of `Event`. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
/** Field of `Summary`. */
const SUMMARY_VALUE = 1;
/** Fields of `Summary.Value`. */
const VALUE = { tag: 1, simpleValue: 2, image: 4 } as const;
/** Fields of `Summary.Image`. */
const IMAGE = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;

/** A drawing at a step. */
export interface EventImage {
  readonly step: number;
  /** Name under which TensorBoard puts the drawings of one row together. */
  readonly tag: string;
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/** CRC as it is stored: turned and shifted, so that a record holding CRCs has no trivial one. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

function frame(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskCrc(crc32c(head.subarray(0, 8))), true);
  const foot = new Uint8Array(4);
  new DataView(foot.buffer).setUint32(0, maskCrc(crc32c(data)), true);
  return joinBytes([head, data, foot]);
}

function summary(wallSeconds: number, step: number, values: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return frame(
    joinBytes([
      doubleField(EVENT.wallTime, wallSeconds),
      intField(EVENT.step, step),
      bytesField(EVENT.summary, ...values.map((value) => bytesField(SUMMARY_VALUE, value))),
    ]),
  );
}

function scalar(tag: string, value: number): Uint8Array {
  return joinBytes([textField(VALUE.tag, tag), floatField(VALUE.simpleValue, value)]);
}

function picture({ tag, width, height, png }: EventImage): Uint8Array {
  return joinBytes([
    textField(VALUE.tag, tag),
    bytesField(
      VALUE.image,
      intField(IMAGE.height, height),
      intField(IMAGE.width, width),
      intField(IMAGE.colorspace, RGB),
      bytesField(IMAGE.encoded, png),
    ),
  ]);
}

/** "train/rewardMean"; names with a part of their own, such as "reward/counting", keep it. */
const scalarTag = (name: string): string => (Object.hasOwn(METRICS, name) ? `train/${name}` : name);

/**
 * Records of an event file, one after the other: the file's version, then every step's numbers, then the drawings.
 * @param startSeconds when the run began, in Unix seconds; a step's time is that and the time of the steps before it
 */
export function* writeEvents(
  rows: readonly MetricRow[],
  images: readonly EventImage[],
  startSeconds: number,
): Generator<Uint8Array<ArrayBuffer>, void> {
  yield frame(
    joinBytes([doubleField(EVENT.wallTime, startSeconds), textField(EVENT.fileVersion, FILE_VERSION)]),
  );
  const columns = listColumns(rows);
  const times = new Map([[0, startSeconds]]);
  let seconds = startSeconds;
  for (const { step, values } of rows) {
    seconds += values.stepSeconds ?? 0;
    times.set(step, seconds);
    const scalars = columns.flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [scalar(scalarTag(name), value)];
    });
    yield summary(seconds, step, scalars);
  }
  for (const image of images) yield summary(times.get(image.step) ?? seconds, image.step, [picture(image)]);
}
