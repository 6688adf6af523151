/**
 * Encoded video frames as a WebM file that can be sought in: one track, a cluster from each key frame to the next.
 * The frames come from the browser's own encoder; this only puts them in their boxes.
 *
 * Source: RFC 8794 (EBML) and RFC 9559 (Matroska), the WebM subset.
 */
import { encodeText, joinBytes } from "./bytes.ts";

/** Element ids, with their length marker as written in the file. */
const ID = {
  ebml: 0x1a45dfa3,
  ebmlVersion: 0x4286,
  ebmlReadVersion: 0x42f7,
  ebmlMaxIdLength: 0x42f2,
  ebmlMaxSizeLength: 0x42f3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  codecId: 0x86,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  cues: 0x1c53bb6b,
  cuePoint: 0xbb,
  cueTime: 0xb3,
  cueTrackPositions: 0xb7,
  cueTrack: 0xf7,
  cueClusterPosition: 0xf1,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  blockGroup: 0xa0,
  block: 0xa1,
  blockDuration: 0x9b,
  referenceBlock: 0xfb,
} as const;

const NS_PER_MS = 1_000_000;
const VIDEO = 1;
const TRACK = 1;
/** A cluster's blocks say their time in 16 bits, signed. */
const MAX_CLUSTER_MS = 30_000;

export interface VideoFrame {
  readonly data: Uint8Array;
  readonly timeMs: number;
  readonly durationMs: number;
  /** Can be shown without those before it; the first frame must be. */
  readonly isKey: boolean;
}

export interface VideoTrack {
  readonly codecId: "V_VP8" | "V_VP9";
  readonly width: number;
  readonly height: number;
}

/** Big-endian without leading zeros, at least one byte. */
function uint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes.length > 0 ? bytes : [0]);
}

/** A size in eight bytes: a marker, then 56 bits. Longer than needed, so that a box's length does not depend on it. */
function size(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(length / 2 ** 32));
  view.setUint32(4, length % 2 ** 32);
  bytes[0] = 0x01;
  return bytes;
}

function box(id: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = content.reduce((total, part) => total + part.length, 0);
  return joinBytes([uint(id), size(length), ...content]);
}

const number = (id: number, value: number): Uint8Array => box(id, uint(value));
const text = (id: number, value: string): Uint8Array => box(id, encodeText(value));

function double(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return box(id, bytes);
}

function header(): Uint8Array {
  return box(
    ID.ebml,
    number(ID.ebmlVersion, 1),
    number(ID.ebmlReadVersion, 1),
    number(ID.ebmlMaxIdLength, 4),
    number(ID.ebmlMaxSizeLength, 8),
    text(ID.docType, "webm"),
    number(ID.docTypeVersion, 4),
    number(ID.docTypeReadVersion, 2),
  );
}

function info(durationMs: number, program: string): Uint8Array {
  return box(
    ID.info,
    number(ID.timestampScale, NS_PER_MS),
    double(ID.duration, durationMs),
    text(ID.muxingApp, program),
    text(ID.writingApp, program),
  );
}

function tracks({ codecId, width, height }: VideoTrack): Uint8Array {
  const entry = box(
    ID.trackEntry,
    number(ID.trackNumber, TRACK),
    number(ID.trackUid, TRACK),
    number(ID.trackType, VIDEO),
    number(ID.flagLacing, 0),
    text(ID.codecId, codecId),
    box(ID.video, number(ID.pixelWidth, width), number(ID.pixelHeight, height)),
  );
  return box(ID.tracks, entry);
}

/** A block group rather than a simple block: it says how long the frame stays, which the last one needs. */
function block(frame: VideoFrame, clusterMs: number, previousMs: number | null): Uint8Array {
  const head = new Uint8Array(4);
  head[0] = 0x80 | TRACK;
  new DataView(head.buffer).setInt16(1, frame.timeMs - clusterMs);
  const isAlone = frame.isKey || previousMs === null;
  return box(
    ID.blockGroup,
    box(ID.block, head, frame.data),
    number(ID.blockDuration, frame.durationMs),
    ...(isAlone ? [] : [box(ID.referenceBlock, int16(previousMs - frame.timeMs))]),
  );
}

function int16(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setInt16(0, value);
  return bytes;
}

function groupByKey(frames: readonly VideoFrame[]): VideoFrame[][] {
  const groups: VideoFrame[][] = [];
  for (const frame of frames) {
    const group = groups.at(-1);
    if (!group || frame.isKey) groups.push([frame]);
    else group.push(frame);
  }
  return groups;
}

function cluster(group: readonly VideoFrame[]): Uint8Array {
  const startMs = group[0]?.timeMs ?? 0;
  const blocks = group.map((frame, at) => block(frame, startMs, group[at - 1]?.timeMs ?? null));
  return box(ID.cluster, number(ID.timestamp, startMs), ...blocks);
}

function cuePoint(timeMs: number, position: number): Uint8Array {
  // Four bytes, so that the table's length does not depend on the positions in it.
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, position);
  const at = box(ID.cueTrackPositions, number(ID.cueTrack, TRACK), box(ID.cueClusterPosition, place));
  return box(ID.cuePoint, number(ID.cueTime, timeMs), at);
}

/**
 * @param frames times ascending in whole milliseconds, the first a key frame, key frames at most 30 s apart
 * @param program what wrote the file
 * @throws RangeError when key frames are missing where they are needed
 */
export function writeWebm(
  track: VideoTrack,
  frames: readonly VideoFrame[],
  program: string,
): Uint8Array<ArrayBuffer> {
  const groups = groupByKey(frames);
  const spans = groups.map((group) => (group.at(-1)?.timeMs ?? 0) - (group[0]?.timeMs ?? 0));
  if (!frames[0]?.isKey || spans.some((span) => span > MAX_CLUSTER_MS)) {
    throw new RangeError("A WebM begins with a key frame and has one at least every 30 s.");
  }
  const last = frames.at(-1);
  const durationMs = (last?.timeMs ?? 0) + (last?.durationMs ?? 0);
  const front = joinBytes([info(durationMs, program), tracks(track)]);
  const clusters = groups.map(cluster);
  const starts = groups.map((group) => group[0]?.timeMs ?? 0);
  const cuesBytes = box(ID.cues, ...starts.map((start) => cuePoint(start, 0))).length;
  let position = front.length + cuesBytes;
  const points = clusters.map((bytes, at) => {
    const point = cuePoint(starts[at] ?? 0, position);
    position += bytes.length;
    return point;
  });
  return joinBytes([header(), box(ID.segment, front, box(ID.cues, ...points), ...clusters)]);
}
