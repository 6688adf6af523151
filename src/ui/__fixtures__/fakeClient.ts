/** A client that plays a made-up run, for the harness: no model, no learning, only events of the right shape. */
import { makeConfig, type RunConfig } from "../../engine/config.ts";
import type { Command } from "../../protocol/commands.ts";
import type { EventOf, WorkerEvent } from "../../protocol/events.ts";
import { PHASES } from "../../protocol/events.ts";
import type { TrainClient } from "../../workers/client.ts";
import { COLOURS, paint, SIDE, stream } from "./paint.ts";

const TOKENS = 64;
const WORDS = ["one", "two", "three", "four"];
const THINGS = ["apple", "ball", "cup", "kite"];

function metricsOf(step: number, config: RunConfig): Record<string, number> {
  const random = stream(step * 7919 + 3);
  const skill = 0.42 + 0.4 * (1 - Math.exp(-step / 40));
  return {
    rewardMean: Math.min(1, skill + (random() - 0.5) * 0.16),
    rewardStd: 0.3 - step * 0.0007 + (random() - 0.5) * 0.06,
    klImage: 0.0008 * step ** 0.8 * (0.8 + random() * 0.4),
    klAnswer: 0.0003 * step ** 0.9 * (0.7 + random() * 0.6),
    deadGroupShare: Math.round(random() * config.promptsPerStep * 0.6) / config.promptsPerStep,
    gradientNorm: 0.6 + random() * 0.5,
    imageEntropy: 2.1 - step * 0.004,
    tokenDistance: 0.7 - step * 0.001,
    stepSeconds: 3.1 + random() * 0.4,
  };
}

function framesOf(step: number): EventOf<"runStarted">["filmstrip"] {
  const skill = Math.min(1, step / 60);
  return [
    {
      step,
      row: 0,
      prompt: "three red apples",
      seed: "film:0",
      image: paint(1 + Math.round(2 * skill), 0, skill, 77),
    },
    {
      step,
      row: 1,
      prompt: "a blue ball and a cup",
      seed: "film:1",
      image: paint(2, skill > 0.4 ? 1 : 2, skill, 78),
    },
  ];
}

function groupOf(step: number, group: number, size: number): WorkerEvent[] {
  const [colour, count] = [(step + group) % 4, ((step * 3 + group) % 4) + 1];
  const skill = 0.45 + Math.min(0.5, step / 120);
  const random = stream(step * 31 + group);
  const isEasy = group === 2;
  const shown = Array.from({ length: size }, () =>
    isEasy || random() < skill ? count : 1 + Math.floor(random() * 4),
  );
  const rewards = shown.map((number) => Math.max(0, 1 - Math.abs(number - count) / count));
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / size;
  const spread = Math.sqrt(rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / size);
  const word = WORDS[count - 1] ?? "";
  return [
    {
      type: "groupDrawn",
      step,
      group,
      tag: "counting",
      prompt: `a photo of ${word} ${COLOURS[colour]?.[0]} ${THINGS[colour]}${count > 1 ? "s" : ""}`,
      question: `how many ${THINGS[colour]}s are there?`,
      gold: word,
      images: shown.map((number, at) => paint(number, colour, skill, step * 1000 + group * 100 + at)),
      seeds: shown.map((_, at) => `0:${step}:${group}:${at}`),
    },
    {
      type: "groupJudged",
      step,
      group,
      answers: shown.map((number) => WORDS[number - 1] ?? ""),
      probabilities: shown.map(() => 0.5 + random() * 0.49),
      rewards,
      parts: rewards.map((earned) => [{ label: "count", earned, possible: 1 }]),
    },
    {
      type: "groupScored",
      step,
      group,
      advantages: rewards.map((reward) => (reward - mean) / (spread + 1e-4)),
      isDead: spread === 0,
    },
  ];
}

export interface FakeClient extends TrainClient {
  readonly sent: Command[];
  emit(event: WorkerEvent): void;
  /** Steps the made-up run at once to a step, then plays the next one up to a phase. */
  playTo(step: number, phase: number, decodeStep: number): void;
}

export const FAKE_BACKEND: EventOf<"backendStarted"> = {
  type: "backendStarted",
  backend: "webgpu",
  adapter: "NVIDIA Ada Lovelace",
  isSoftware: false,
  features: ["shader-f16", "subgroups"],
  reason: "Hardware WebGPU, the fastest found.",
};

export const FAKE_MODEL: EventOf<"modelReady"> = {
  type: "modelReady",
  modelId: "showo-tiny",
  family: "showo",
  imageSide: SIDE,
  imageTokenCount: TOKENS,
  parameterCount: 4_213_876,
};

export function fakeRunStarted(steps: number, config = makeConfig()): EventOf<"runStarted"> {
  const frames = Array.from({ length: Math.floor(steps / 5) + 1 }, (_, at) => framesOf(at * 5)).flat();
  return {
    type: "runStarted",
    runId: "run-1",
    preset: "robust",
    config,
    step: steps,
    history: Array.from({ length: steps }, (_, at) => metricsOf(at + 1, config)),
    changes: steps > 40 ? [{ step: 40, keys: ["learningRate"] }] : [],
    filmstrip: frames,
  };
}

export function createFakeClient(respond: (command: Command, client: FakeClient) => void): FakeClient {
  const listeners = new Set<(event: WorkerEvent) => void>();
  const config = makeConfig();
  const client: FakeClient = {
    sent: [],
    send(command) {
      client.sent.push(command);
      respond(command, client);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose: () => listeners.clear(),
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    playTo(step, phase, decodeStep) {
      const { groupSize, promptsPerStep } = config;
      client.emit({ type: "stepStarted", step, groups: promptsPerStep, groupSize });
      client.emit({ type: "phaseStarted", step, phase: PHASES[phase] ?? "sample" });
      const decided = Array.from({ length: promptsPerStep * groupSize }, (_, image) => {
        const random = stream(image + 1);
        return Uint8Array.from({ length: TOKENS }, () => (random() < decodeStep / 8 ? 1 : 0));
      });
      client.emit({ type: "drawProgressed", step, decodeStep, decodeSteps: 8, decided });
      for (let group = 0; group < promptsPerStep && phase > 0; group++) {
        for (const event of groupOf(step, group, groupSize).slice(0, phase)) client.emit(event);
      }
      if (phase < PHASES.length) return;
      client.emit({ type: "stepFinished", step, metrics: metricsOf(step, config) });
    },
  };
  return client;
}
