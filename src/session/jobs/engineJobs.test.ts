import { tensor } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig } from "../../engine/config.ts";
import {
  closeBackend,
  createSplits,
  createTrainerState,
  EngineError,
  encodeCheckpoint,
  limitPrompts,
  loadDetector,
  loadModel,
  parseJudgedFile,
  parseWorldSpec,
  planDraws,
  scoreImages,
  type UnifiedModel,
  type WorldSpec,
} from "../../engine/index.ts";
import type { DrawOrder, JudgeOrder } from "../ports.ts";
import { drawSamples } from "./drawSamples.ts";
import { type Jury, judgePrompts } from "./judgePrompts.ts";

const FOLDER = "public/models/nano";
const JUDGE = "public/models/judge-nano";
const PROMPTS = 18;

let model: UnifiedModel;
let world: WorldSpec;
let jury: Jury;
/** A trained state, made without training: every second matrix of the adapter is large. */
let trained: Uint8Array;

beforeAll(async () => {
  await startNodeBackend("wasm");
  const read = folderReader(FOLDER);
  model = await loadModel(read, "nano");
  world = parseWorldSpec(JSON.parse(new TextDecoder().decode(await read("world.json"))));
  const detector = await loadDetector(folderReader(JUDGE), "judge-nano");
  const describe = async () => ({ weights: "w", tokenizer: "t", backend: "wasm" });
  jury = { model, detector, splits: createSplits(world), describe };
  const config = makeConfig("robust", { loraRank: 2 });
  model.attachAdapter({ rank: 2, alpha: 2, seed: 1 });
  const state = createTrainerState(model);
  for (const { variable } of model.adapterVariables()) {
    const ones = variable.dataSync().map(() => 0.3);
    variable.assign(tensor(ones, variable.shape));
  }
  state.step = 7;
  trained = await encodeCheckpoint(state, model, config);
  state.optimizer.dispose();
  model.takeAdapter();
}, 240_000);

afterAll(closeBackend);

/** Keeps what a job says. */
function listen(change: Partial<JudgeOrder> = {}, stored: readonly string[] = []) {
  const heard = {
    started: [] as { total: number; done: number }[],
    lines: [] as string[],
    fresh: 0,
    header: "",
    overall: Number.NaN,
  };
  const order: JudgeOrder = {
    weights: null,
    promptCount: PROMPTS,
    imagesPerPrompt: 1,
    seed: 0,
    isStoredOnly: false,
    signal: new AbortController().signal,
    recall: async () => stored,
    onStarted: ({ total, header }, done) => {
      heard.started.push({ total, done });
      heard.header = header;
    },
    onJudged: async (_, { images, scores }, isNew) => {
      heard.lines.push(...images.map(({ line }) => line));
      heard.fresh += isNew ? images.length : 0;
      heard.overall = scores.overall.mean;
      for (const { image } of images) expect(image.rgb).toHaveLength(image.width * image.height * 3);
    },
    ...change,
  };
  return { heard, order };
}

describe("judgePrompts", () => {
  it("scores the same draws as any other evaluation of this seed, and its lines are a file of judged images", async () => {
    const { heard, order } = listen();
    await judgePrompts(jury, order);
    expect(heard.started).toEqual([{ total: PROMPTS, done: 0 }]);
    const file = parseJudgedFile({ name: "lines", text: heard.header + heard.lines.join("") });
    const planned = planDraws(limitPrompts(jury.splits.test, PROMPTS), 1, 0);
    expect(file?.images.map(({ seed }) => seed)).toEqual(planned.map(({ seed }) => seed));
    expect(heard.overall).toBe(scoreImages(file?.images ?? [], 0).overall.mean);
    const again = listen({}, heard.lines.slice(0, 5));
    await judgePrompts(jury, again.order);
    expect(again.heard.started).toEqual([{ total: PROMPTS, done: 5 }]);
    expect(again.heard.fresh).toBe(PROMPTS - 5);
    expect(again.heard.lines).toEqual(heard.lines);
    const stored = listen({ isStoredOnly: true }, heard.lines.slice(0, 5));
    await judgePrompts(jury, stored.order);
    expect(stored.heard.lines).toEqual(heard.lines.slice(0, 5));
  });

  it("draws otherwise with a checkpoint's adapter, under another header", async () => {
    const [plain, other] = [listen(), listen({ weights: trained })];
    await judgePrompts(jury, plain.order);
    await judgePrompts(jury, other.order);
    expect(other.heard.header).not.toBe(plain.heard.header);
    expect(other.heard.lines).not.toEqual(plain.heard.lines);
  });

  it("stops where it is told to, with finished batches reported", async () => {
    const abort = new AbortController();
    const { heard, order } = listen({ signal: abort.signal });
    const stopping = {
      ...order,
      onJudged: async (...given: Parameters<JudgeOrder["onJudged"]>) => {
        await order.onJudged(...given);
        abort.abort();
      },
    };
    await expect(judgePrompts(jury, stopping)).rejects.toMatchObject({ code: "cancelled" });
    expect(heard.lines).toHaveLength(16);
  });
});

describe("drawSamples", () => {
  const draw = async (change: Partial<DrawOrder>) => {
    const samples: Parameters<DrawOrder["onDrawn"]>[0][] = [];
    const signal = new AbortController().signal;
    const order = {
      weights: [null],
      prompt: jury.splits.test[0]?.metadata.prompt ?? "",
      question: null,
      seed: "1",
    };
    await drawSamples(model, world, {
      ...order,
      signal,
      onDrawn: (sample) => samples.push(sample),
      ...change,
    });
    return samples;
  };

  it("draws with each of the weights, and asks the world's own question about a prompt of the world", async () => {
    const [base, other, again] = await draw({ weights: [null, trained, null] });
    expect(base).toMatchObject({ source: 0, step: 0, question: "What is the main item in this image?" });
    expect(base?.answer).not.toBeNull();
    expect(base?.probability).toBeGreaterThan(0);
    expect(base?.probability).toBeLessThanOrEqual(1);
    expect(other).toMatchObject({ source: 1, step: 7 });
    expect(other?.image.rgb).not.toEqual(base?.image.rgb);
    expect({ ...again, source: 0 }).toEqual(base);
  });

  it("asks nothing about other prompts, and what it is told about any", async () => {
    expect((await draw({ prompt: "apple" }))[0]).toMatchObject({
      question: null,
      answer: null,
      probability: null,
    });
    const [asked] = await draw({ prompt: "apple", question: "How many items in this image?" });
    expect(asked?.answer).not.toBeNull();
  });

  it("refuses a checkpoint that is damaged", async () => {
    await expect(draw({ weights: [new Uint8Array(40)] })).rejects.toBeInstanceOf(EngineError);
  });
});
