/** The page on a made-up run, to look at its states: `harness.html?state=running&theme=dark&live=1`. Not part of the build. */
import { createRoot } from "react-dom/client";
import type { Command } from "../../protocol/commands.ts";
import { App } from "../App.tsx";
import { createPlayground } from "../playground.ts";
import { drawFakeSamples } from "./fakeArena.ts";
import {
  answerAboutRuns,
  createFakeClient,
  FAKE_BACKEND,
  FAKE_MODEL,
  type FakeClient,
  fakeRunStarted,
  fakeStoredRuns,
} from "./fakeClient.ts";
import { createFakeJudge } from "./fakeJudge.ts";

const state = new URLSearchParams(location.search).get("state") ?? "idle";

/** Finished steps, phase of the next one (4: finished too) and its decoding step. */
const SCENES: Readonly<Record<string, readonly [number, number, number]>> = {
  idle: [0, 0, 0],
  sampling: [64, 0, 5],
  finished: [120, 4, 8],
  judged: [120, 4, 8],
  judging: [120, 4, 8],
  unjudged: [0, 4, 8],
  nojudge: [0, 4, 8],
  judgebreaks: [120, 4, 8],
};

const MANIFEST = {
  default: "showo-tiny",
  models: [
    {
      id: "showo-tiny",
      title: "Show-o tiny",
      files: [{ name: "model.safetensors", bytes: 9_800_000 }],
      bytes: 11_400_000,
      sprites: "world/sprites.safetensors",
      ...(state === "nojudge" ? {} : { judge: "judge-tiny", judgeBytes: 325_000 }),
    },
  ],
};

function open(client: FakeClient): void {
  client.emit(FAKE_BACKEND);
  client.emit({
    type: "modelProgressed",
    stage: "download",
    file: "model.safetensors",
    loadedBytes: 6_300_000,
    totalBytes: 9_800_000,
  });
  if (state === "loading") return;
  if (state === "resume") {
    const savedAtMs = Date.parse("2026-11-23T12:04:00");
    client.emit({
      type: "resumeOffered",
      runId: "run-1",
      step: 120,
      savedAtMs,
      rewardMean: 0.61,
      sizeBytes: 2e6,
    });
  }
  client.emit(FAKE_MODEL);
}

function play(client: FakeClient): void {
  const [steps, phase, decode] = SCENES[state] ?? [87, 3, 8];
  client.emit(fakeRunStarted(steps));
  client.emit({
    type: "memoryMeasured",
    tensors: 412,
    tensorBytes: 96e6,
    gpuBytes: 412e6,
    planned: { peakBytes: 980e6, budgetBytes: 4.3e9, words: "64 images a call, 8 a pass" },
    storageUsedBytes: 3e7,
    storageQuotaBytes: 1e10,
  });
  if (state === "idle") return;
  client.emit({
    type: "checkpointSaved",
    runId: "run-1",
    step: steps,
    savedAtMs: Date.parse("2026-11-23T12:04:00"),
    sizeBytes: 2.1e6,
  });
  client.emit({ type: "stateChanged", state: phase === 4 ? "paused" : "running" });
  client.playTo(steps + 1, state === "failed" ? 4 : phase, decode);
  if (state !== "failed") return;
  client.playTo(steps + 2, 0, 4);
  const error = {
    code: "deviceLost" as const,
    message: "The GPU process was restarted by the browser.",
    data: { reason: "unknown" },
  };
  client.emit({ type: "failed", error, isFatal: true, step: steps + 2 });
}

const stored = state === "empty" ? [] : fakeStoredRuns();

/** The third run is open in another tab. */
function refuse(client: FakeClient): void {
  const message = "This run is open in another tab. Go on there, close that tab, or start a new run here.";
  const error = { code: "runInUse" as const, message, data: { runId: "run-3" } };
  client.emit({ type: "failed", error, isFatal: false, step: null });
}

function respond(command: Command, client: FakeClient): void {
  if (answerAboutRuns(command, stored, client)) return;
  if (command.type === "resumeRun" && command.runId === "run-3") {
    setTimeout(() => refuse(client), 400);
    return;
  }
  if (command.type === "openModel") setTimeout(() => open(client), 20);
  if (["startRun", "resumeRun", "branchRun"].includes(command.type)) setTimeout(() => play(client), 20);
  judge(command, client);
  if (command.type === "drawSamples") drawFakeSamples(command, client);
  if (command.type === "pause") client.emit({ type: "stateChanged", state: "paused" });
  if (command.type === "play") client.emit({ type: "stateChanged", state: "running" });
}

/** `state=judged`, `judging`, `unjudged`, `nojudge`, `judgebreaks`: for `#/geneval`. */
const judge = createFakeJudge({
  stored: state === "judged" ? 1 : state === "judging" ? 0.3 : 0,
  breaks: state === "judgebreaks",
});

const host = createPlayground({ client: createFakeClient(respond), fetchJson: async () => MANIFEST });
const root = document.getElementById("root");
if (root) createRoot(root).render(<App host={host} />);
if (state === "help") setTimeout(() => host.settings.setState({ isHelpOpen: true }), 200);
