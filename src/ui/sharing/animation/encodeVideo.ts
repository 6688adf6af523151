/** Frames as WebM, by the browser's own encoder; faster than they play, and each as long as it should be. */
import { EngineError } from "../../../engine/errors.ts";
import { PROGRAM } from "../../../formats/program.ts";
import { type VideoFrame as EncodedFrame, type VideoTrack, writeWebm } from "../../../formats/webm.ts";
import type { Film } from "./filmFrames.ts";

/** In the order they are tried; every browser plays both. */
const CODECS: readonly { readonly codec: string; readonly id: VideoTrack["codecId"] }[] = [
  { codec: "vp09.00.31.08", id: "V_VP9" },
  { codec: "vp8", id: "V_VP8" },
];
/** Generous: images of few colours need less, and small text should stay sharp. */
const BITS_PER_SECOND = 4_000_000;
/** Frames between two that stand alone. */
const KEY_EVERY = 8;
/** Frames handed over before waiting for the encoder. */
const AHEAD = 4;
const US_PER_MS = 1000;

async function chooseCodec({ width, height }: Film): Promise<(typeof CODECS)[number]> {
  for (const candidate of CODECS) {
    const config = { codec: candidate.codec, width, height, bitrate: BITS_PER_SECOND };
    const { supported } = await VideoEncoder.isConfigSupported(config);
    if (supported) return candidate;
  }
  throw new EngineError(
    "fileUnwritable",
    "This browser cannot write WebM video. Save the filmstrip as a GIF instead.",
  );
}

/** @param onFrame told how many frames are done */
export async function encodeVideo(
  film: Film,
  onFrame: (done: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, frames } = film;
  const { codec, id } = await chooseCodec(film);
  const encoded: EncodedFrame[] = [];
  let failure: unknown = null;
  const encoder = new VideoEncoder({
    output(chunk) {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      const timeMs = Math.round(chunk.timestamp / US_PER_MS);
      const durationMs = frames[encoded.length]?.durationMs ?? 0;
      encoded.push({ data, timeMs, durationMs, isKey: chunk.type === "key" });
    },
    error(reason) {
      failure = reason;
    },
  });
  try {
    encoder.configure({ codec, width, height, bitrate: BITS_PER_SECOND });
    let timeMs = 0;
    for (const [at, { durationMs }] of frames.entries()) {
      const { canvas } = film.paint(at);
      const frame = new VideoFrame(canvas, {
        timestamp: timeMs * US_PER_MS,
        duration: durationMs * US_PER_MS,
      });
      encoder.encode(frame, { keyFrame: at % KEY_EVERY === 0 });
      frame.close();
      timeMs += durationMs;
      onFrame(at + 1);
      while (encoder.encodeQueueSize > AHEAD && !failure)
        await new Promise((resolve) => setTimeout(resolve, 5));
      if (failure) break;
    }
    if (!failure) await encoder.flush();
  } catch (error) {
    failure ??= error;
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  if (failure) {
    throw new EngineError(
      "fileUnwritable",
      "The browser's video encoder gave up. Save the filmstrip as a GIF instead.",
      {},
      { cause: failure },
    );
  }
  return writeWebm({ codecId: id, width, height }, encoded, `${PROGRAM.name} ${PROGRAM.version}`);
}
