/**
 * The file of a recorded run. Eight letters and a version, then blocks: the length of a block as u32, little endian,
 * and its bytes, deflated with zlib's checksum. A block holds JSON and after it the pixels and masks that the JSON
 * leaves out, in the order of their mention. The first block describes the run, each further one holds the events of
 * a step, an empty one ends the file: whoever reads can play the first steps while the last ones are still coming.
 */
import { EngineError } from "../engine/errors.ts";
import { eventSchema, type WireImage, type WorkerEvent } from "../protocol/events.ts";
import {
  RECORDING_VERSION,
  type RecordingHeader,
  recordingHeaderSchema,
  type TimedEvent,
} from "../protocol/recording.ts";
import { choosePalette, createIndexer, expandIndices } from "./paletteImage.ts";

const MAGIC = "UNIRLREC";
const HEAD_BYTES = MAGIC.length + 4;
/** No block of ours comes near; a length beyond it is damage, not a reason to wait for gigabytes. */
const LARGEST_BLOCK = 1 << 24;
/** Digits that measured numbers keep; settings keep all. */
const DIGITS = 5;
const MEASURED: ReadonlySet<string> = new Set(["groupJudged", "groupScored", "stepFinished"]);

/** What stands in the place of an image and of a mask: in the file their sizes, after reading the bytes again. */
interface Replacement {
  readonly image: (image: WireImage) => unknown;
  readonly mask: (mask: Uint8Array) => unknown;
}

/** The event with its images and masks replaced. Every event that carries bytes has a line here. */
function replaceBytes(event: WorkerEvent, { image, mask }: Replacement): unknown {
  switch (event.type) {
    case "groupDrawn":
      return { ...event, images: event.images.map(image) };
    case "filmstripDrawn":
      return { ...event, image: image(event.image) };
    case "runStarted": {
      const filmstrip = event.filmstrip.map((frame) => ({ ...frame, image: image(frame.image) }));
      return { ...event, filmstrip };
    }
    case "drawProgressed":
      return { ...event, decided: event.decided.map(mask) };
    default:
      return event;
  }
}

/** A number shortened, anything else as it is. */
function shorten(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value;
}

function shortenNumbers(event: WorkerEvent): WorkerEvent {
  return MEASURED.has(event.type) ? JSON.parse(JSON.stringify(event, shorten)) : event;
}

/** Eight flags a byte, the first in the highest bit. */
function packFlags(flags: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(flags.length / 8));
  for (const [at, flag] of flags.entries()) {
    if (flag) packed[at >> 3] = (packed[at >> 3] ?? 0) | (0x80 >> (at & 7));
  }
  return packed;
}

function unpackFlags(packed: Uint8Array, count: number): Uint8Array {
  const flags = new Uint8Array(count);
  for (let at = 0; at < count; at++) flags[at] = ((packed[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
  return flags;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function writeU32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

const readU32 = (bytes: Uint8Array, at = 0): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: ReadableWritablePair<Uint8Array, BufferSource>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(through);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function packBlock(json: unknown, parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const bytes = joinBytes([writeU32(text.length), text, ...parts]);
  const deflated = await pipe(bytes, new CompressionStream("deflate"));
  return joinBytes([writeU32(deflated.length), deflated]);
}

/** Events in blocks of a step: each block but the first begins with `stepStarted`. */
function cutIntoSteps(events: readonly TimedEvent[]): TimedEvent[][] {
  const steps: TimedEvent[][] = [[]];
  for (const timed of events) {
    if (timed.event.type === "stepStarted") steps.push([]);
    steps.at(-1)?.push(timed);
  }
  return steps.filter((step) => step.length > 0);
}

/** All images of the events, in the order in which they are packed. */
function imagesOf(events: readonly TimedEvent[]): WireImage[] {
  return events.flatMap(({ event }) => {
    if (event.type === "groupDrawn") return event.images;
    if (event.type === "filmstripDrawn") return [event.image];
    return event.type === "runStarted" ? event.filmstrip.map(({ image }) => image) : [];
  });
}

/**
 * The file of a run.
 * @param tolerance squared distance in RGB by which a pixel may be worse than its palette's best colour
 */
export async function packRecording(
  header: RecordingHeader,
  events: readonly TimedEvent[],
  tolerance: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const palette = choosePalette(imagesOf(events));
  const toIndices = createIndexer(palette, tolerance);
  const blocks = [await packBlock(header, [palette])];
  for (const step of cutIntoSteps(events)) {
    const parts: Uint8Array[] = [];
    const take: Replacement = {
      image: (image) => {
        parts.push(toIndices(image));
        return { width: image.width, height: image.height };
      },
      mask: (mask) => {
        parts.push(packFlags(mask));
        return mask.length;
      },
    };
    const json = step.map(({ atMs, event }) => [Math.round(atMs), replaceBytes(shortenNumbers(event), take)]);
    blocks.push(await packBlock(json, parts));
  }
  const magic = new TextEncoder().encode(MAGIC);
  return joinBytes([magic, writeU32(RECORDING_VERSION), ...blocks, writeU32(0)]);
}

function damaged(reason: string, cause?: unknown): EngineError {
  return new EngineError(
    "fileCorrupt",
    `The recording cannot be played: ${reason}. Reload the page to fetch it again.`,
    { reason },
    { cause },
  );
}

/** Gives bytes out of a stream in the lengths asked for. */
class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #waiting: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** @throws EngineError("fileCorrupt") when the stream ends before */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const parts = [this.#waiting];
    let known = this.#waiting.length;
    while (known < length) {
      const { done, value } = await this.#reader.read();
      if (done) throw damaged("it ends too early");
      parts.push(value);
      known += value.length;
    }
    // Nothing new came: what waits for the blocks after this one is not copied for each of them.
    const joined = parts.length === 1 ? this.#waiting : joinBytes(parts);
    this.#waiting = joined.subarray(length);
    return joined.slice(0, length);
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

interface Block {
  readonly json: unknown;
  readonly rest: Uint8Array;
}

/** The next block; null at the end of the file. */
async function readBlock(reader: ByteReader): Promise<Block | null> {
  const length = readU32(await reader.take(4));
  if (length === 0) return null;
  if (length > LARGEST_BLOCK) throw damaged("a part of it has an impossible length");
  const deflated = await reader.take(length);
  try {
    const bytes = await pipe(deflated, new DecompressionStream("deflate"));
    const end = 4 + readU32(bytes);
    return { json: JSON.parse(new TextDecoder().decode(bytes.subarray(4, end))), rest: bytes.subarray(end) };
  } catch (cause) {
    throw damaged("a part of it does not match its checksum", cause);
  }
}

/** The events of a block, with their pixels. @throws EngineError("fileCorrupt") when they are no events */
function unpackEvents({ json, rest }: Block, palette: Uint8Array): TimedEvent[] {
  if (!Array.isArray(json)) throw damaged("a part of it holds no events");
  let at = 0;
  const take = (length: number) => {
    const bytes = rest.subarray(at, at + length);
    if (bytes.length < length) throw damaged("a part of it lacks pixels");
    at += length;
    return bytes;
  };
  const put: Replacement = {
    image: ({ width, height }) => ({
      width,
      height,
      rgb: expandIndices(take(width * height), palette),
    }),
    // In the file a mask is its length.
    mask: (length: unknown) => unpackFlags(take(Math.ceil(Number(length) / 8)), Number(length)),
  };
  return json.map((entry: unknown) => {
    try {
      const [atMs, event] = entry as [number, WorkerEvent];
      return { atMs, event: eventSchema.parse(replaceBytes(event, put)) };
    } catch (cause) {
      throw cause instanceof EngineError ? cause : damaged("it holds an event nobody knows", cause);
    }
  });
}

async function readHeader(reader: ByteReader): Promise<{ header: RecordingHeader; palette: Uint8Array }> {
  const head = await reader.take(HEAD_BYTES);
  if (new TextDecoder().decode(head.subarray(0, MAGIC.length)) !== MAGIC) throw damaged("it is no recording");
  const version = readU32(head, MAGIC.length);
  if (version > RECORDING_VERSION) {
    throw new EngineError(
      "fileTooNew",
      `This recording has version ${version}; the page reads up to version ${RECORDING_VERSION}. Reload for a newer page.`,
      { version },
    );
  }
  const block = await readBlock(reader);
  const header = recordingHeaderSchema.safeParse(block?.json);
  if (!block || !header.success) throw damaged("it does not say what it shows", header.error);
  return { header: header.data, palette: block.rest };
}

export interface RecordingReader {
  readonly header: RecordingHeader;
  /** Events as they come in, a step at a time. @throws EngineError("fileCorrupt") */
  readonly steps: AsyncGenerator<TimedEvent[], void>;
}

async function* readSteps(reader: ByteReader, palette: Uint8Array): AsyncGenerator<TimedEvent[], void> {
  try {
    for (;;) {
      const block = await readBlock(reader);
      if (!block) return;
      yield unpackEvents(block, palette);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Opens a recording while it is still arriving.
 * @throws EngineError("fileCorrupt") for damage, EngineError("fileTooNew") for a version of the future
 */
export async function readRecording(stream: ReadableStream<Uint8Array>): Promise<RecordingReader> {
  const reader = new ByteReader(stream);
  const { header, palette } = await readHeader(reader);
  return { header, steps: readSteps(reader, palette) };
}
