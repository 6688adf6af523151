/** Pairs out of a recorded run: the first and the last picture of each row of its filmstrip. */
import type { RecordingReader } from "../../../formats/recordingFile.ts";
import type { EventOf } from "../../../protocol/events.ts";
import type { Lesson } from "../../lessons/lessons.ts";
import type { Contender, Pair, Picture } from "../../stores/arenaStore.ts";
import { RECORDED_NAMES } from "../../text/arena.ts";

type Frame = Omit<EventOf<"filmstripDrawn">, "type">;

/** First and last frame of each row, in the order of the rows. */
async function readEnds({ steps }: RecordingReader): Promise<(readonly [Frame, Frame])[]> {
  const rows = new Map<number, readonly [Frame, Frame]>();
  for await (const events of steps) {
    for (const { event } of events) {
      const frames =
        event.type === "runStarted" ? event.filmstrip : event.type === "filmstripDrawn" ? [event] : [];
      for (const frame of frames) rows.set(frame.row, [rows.get(frame.row)?.[0] ?? frame, frame]);
    }
  }
  return [...rows.values()];
}

const pictureOf = ({ image }: Frame): Picture => ({ image, question: null, answer: null, probability: null });

/**
 * @param flipCoin decides which one stands on the left
 * @throws EngineError("fileCorrupt" | …) as the reader does
 */
export async function readPairs(
  reader: RecordingReader,
  { id, title }: Pick<Lesson, "id" | "title">,
  flipCoin: () => boolean,
): Promise<Pair[]> {
  const ends = await readEnds(reader);
  const contender = (name: string, { step }: Frame): Contender => ({
    key: `recorded/${id}@${step}`,
    name,
    step,
  });
  return ends
    .filter(([before, after]) => after.step > before.step)
    .map(([before, after]) => ({
      id: `recorded/${id}/${before.row}@${after.step}`,
      origin: "recorded",
      title,
      prompt: after.prompt,
      seed: after.seed,
      contenders: [contender(RECORDED_NAMES.before, before), contender(RECORDED_NAMES.after, after)],
      pictures: [pictureOf(before), pictureOf(after)],
      isSwapped: flipCoin(),
    }));
}
