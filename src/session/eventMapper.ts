/**
 * Trainer events become protocol events: codes become pixels, steps count from 1, phases get their names. Knows the
 * two vocabularies and nothing else.
 */
import type { ImageCodes, ImageU8, Task, TrainerEvent } from "../engine/index.ts";
import type { Phase, WorkerEvent } from "../protocol/events.ts";
import { answerProbability } from "./answerProbability.ts";

/** Where the trainer may be held: nowhere, after a phase, after a whole step. */
export type Boundary = "none" | "phase" | "step";

export interface Mapped {
  readonly events: readonly WorkerEvent[];
  readonly boundary: Boundary;
}

export type DecodeImages = (images: readonly ImageCodes[]) => Promise<ImageU8[]>;
export type EventMapper = (event: TrainerEvent<Task>) => Promise<Mapped>;

/** Drawing progress is worth at most this many messages a second (ux.md 7: ten in all). */
const PROGRESS_EVERY_MS = 120;

/** @param now milliseconds of any steady clock */
export function createEventMapper(decode: DecodeImages, now: () => number): EventMapper {
  let imageCount = 0;
  let lastProgressMs = Number.NEGATIVE_INFINITY;
  const isDue = (isLast: boolean) => {
    const isNow = isLast || now() - lastProgressMs >= PROGRESS_EVERY_MS;
    if (isNow) lastProgressMs = now();
    return isNow;
  };
  return async (event) => {
    const step = event.step + 1;
    const phase = (name: Phase): WorkerEvent => ({ type: "phaseStarted", step, phase: name });
    switch (event.kind) {
      case "stepStarted": {
        const { groupSize } = event.config;
        imageCount = event.tasks.length * groupSize;
        return held(
          "none",
          { type: "stepStarted", step, groups: event.tasks.length, groupSize },
          phase("sample"),
        );
      }
      case "drawProgress": {
        // The engine counts from 0.
        const decodeStep = event.decodeStep + 1;
        const { decodeSteps } = event;
        if (!isDue(decodeStep === decodeSteps)) return held("none");
        const decided = markDecided(event.codes, event.firstImage, imageCount);
        return held("none", { type: "drawProgressed", step, decodeStep, decodeSteps, decided });
      }
      case "groupsSampled":
        return held("phase", ...(await mapDrawn(event, step, decode)), phase("judge"));
      case "groupsJudged":
        return held("phase", ...event.groups.map((group, at) => mapJudged(group, step, at)), phase("score"));
      case "groupsScored":
        return held("phase", ...mapScored(event, step), phase("learn"));
      case "learnProgress":
        return held("none");
      case "stepFinished":
        return held("step", { type: "stepFinished", step, metrics: { ...event.metrics } });
      default:
        return event satisfies never;
    }
  };
}

function held(boundary: Boundary, ...events: WorkerEvent[]): Mapped {
  return { events, boundary };
}

type EventOfKind<K extends TrainerEvent<Task>["kind"]> = Extract<TrainerEvent<Task>, { kind: K }>;

/**
 * Which tokens are decided, over all images of the step: earlier calls are done, later ones have not begun.
 * @param codes [call's images][N], −1 where undecided
 * @returns [P·G][N], 1 where decided
 */
function markDecided(codes: readonly ImageCodes[], firstImage: number, imageCount: number): Uint8Array[] {
  const tokenCount = codes[0]?.length ?? 0;
  return Array.from({ length: imageCount }, (_, at) => {
    const image = codes[at - firstImage];
    if (image) return Uint8Array.from(image, (code) => (code >= 0 ? 1 : 0));
    return new Uint8Array(tokenCount).fill(at < firstImage ? 1 : 0);
  });
}

async function mapDrawn(
  { groups }: EventOfKind<"groupsSampled">,
  step: number,
  decode: DecodeImages,
): Promise<WorkerEvent[]> {
  const pixels = await decode(groups.flatMap((group) => group.images));
  const firstOf = groups.map((_, at) =>
    groups.slice(0, at).reduce((sum, { images }) => sum + images.length, 0),
  );
  return groups.map(({ task, images, seeds }, group) => {
    const first = firstOf[group] ?? 0;
    return {
      type: "groupDrawn",
      step,
      group,
      tag: task.metadata.tag,
      prompt: task.metadata.prompt,
      question: task.question,
      gold: task.answer,
      images: pixels.slice(first, first + images.length),
      seeds: [...seeds],
    };
  });
}

function mapJudged(
  { answers, rewards }: EventOfKind<"groupsJudged">["groups"][number],
  step: number,
  group: number,
): WorkerEvent {
  return {
    type: "groupJudged",
    step,
    group,
    answers: answers.map(({ text }) => text),
    probabilities: answers.map(answerProbability),
    rewards: rewards.map(({ reward }) => reward),
    parts: rewards.map(({ parts }) => parts.map((part) => ({ ...part }))),
  };
}

function mapScored({ advantages, deadGroups }: EventOfKind<"groupsScored">, step: number): WorkerEvent[] {
  return advantages.map((group, at) => ({
    type: "groupScored",
    step,
    group: at,
    advantages: [...group],
    isDead: deadGroups[at] ?? false,
  }));
}
