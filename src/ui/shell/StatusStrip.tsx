import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import type { RunView } from "../stores/runStore.ts";
import { sumCosts } from "../stores/stepCost.ts";
import { formatBytes, formatClock, formatCount, formatSeconds } from "../text/numbers.ts";
import { RUNS_WORDS } from "../text/runs.ts";
import { BACKEND_NAMES, describeDevice, OPENING_WORDS } from "../text/states.ts";
import { SOURCE_WORDS } from "../text/words.ts";
import { useDevice, useMetrics, usePlayback, usePlayground, useRun } from "../usePlayground.ts";
import styles from "./StatusStrip.module.css";

const FACTS_ID = "device-facts";

function describeState(run: RunView): string {
  if (run.opening === "idle" && run.failure === null) return "the model is not loaded";
  if (run.state === "failed") return "stopped by a failure";
  if (run.opening === "checking") return OPENING_WORDS.checking;
  if (run.opening === "warmUp" && run.shaders) {
    return OPENING_WORDS.shaders(run.shaders.compiled, run.shaders.total);
  }
  if (run.opening !== "ready") return run.opening === "idle" ? "not started" : "opening the model";
  if (run.resumeOffer) return "waiting for your choice";
  if (run.state === "running") return "training in a worker";
  if (run.state === "pausing") return "pausing after this phase";
  return run.step === 0 ? "ready" : "paused";
}

/** What computes and why; pressed, it says all that is known in full. */
function Device({ isOpen, onPress }: { isOpen: boolean; onPress: () => void }) {
  const backend = useDevice((device) => device.backend);
  if (!backend) return null;
  const { where, facts } = describeDevice(backend);
  return (
    <span className={styles.device} title={facts.join(" ")}>
      <Button aria-expanded={isOpen} aria-controls={FACTS_ID} onPress={onPress}>
        <strong>{BACKEND_NAMES[backend.backend]}</strong> {where} · {backend.reason}
      </Button>
    </span>
  );
}

function DeviceFacts() {
  const backend = useDevice((device) => device.backend);
  if (!backend) return null;
  const { where, facts } = describeDevice(backend);
  return (
    <p id={FACTS_ID} className={styles.facts}>
      <strong>
        {BACKEND_NAMES[backend.backend]} {where}.
      </strong>{" "}
      {facts.join(" ")}
    </p>
  );
}

function Memory() {
  const memory = useDevice((device) => device.memory);
  if (!memory) return null;
  const { tensors, planned } = memory;
  const shown = memory.gpuBytes ?? memory.tensorBytes;
  const atMost = planned ? `, at most ${formatBytes(planned.peakBytes)}` : "";
  return (
    <span title={[`${formatCount(tensors)} tensors`, planned?.words ?? []].flat().join("\n")}>
      {formatBytes(shown)} in use{atMost}
    </span>
  );
}

/** GPU time and dispatches of the last step; by phase on hovering. */
function Cost() {
  const costs = useDevice((device) => device.costs);
  const dispatches = sumCosts(costs, "dispatches");
  if (dispatches === null) return null;
  const busyMs = sumCosts(costs, "busyMs");
  const byPhase = costs.map(({ phase, counts }) => {
    const { busyMs: ms, dispatches: runs = 0, submits = 0, readbacks = 0, readbackBytes = 0 } = counts;
    const time = ms === undefined ? "" : `${formatSeconds(ms / 1000)}, `;
    return `${phase}: ${time}${formatCount(runs)} dispatches, ${formatCount(submits)} submits, ${formatCount(readbacks)} readbacks (${formatBytes(readbackBytes)})`;
  });
  return (
    <span title={byPhase.join("\n")}>
      {busyMs === null ? "" : `${formatSeconds(busyMs / 1000)} GPU · `}
      {formatCount(dispatches)} dispatches
    </span>
  );
}

/** What is known of a recorded run. */
function Recorded() {
  const header = usePlayback((playback) => playback.header);
  const backend = useDevice((device) => device.backend);
  return (
    <>
      <span className={styles.state} data-state="recorded" title={SOURCE_WORDS.badgeHelp}>
        {SOURCE_WORDS.badge}
      </span>
      {header ? (
        <span>
          {header.title}: a real run of {header.steps} steps
          {backend ? `, made on ${BACKEND_NAMES[backend.backend]}` : ""}
        </span>
      ) : null}
    </>
  );
}

function Live({ device }: { device: ReactNode }) {
  const words = useRun(describeState);
  const state = useRun((run) => run.state);
  return (
    <>
      <span className={styles.state} data-state={state}>
        {words}
      </span>
      {device}
    </>
  );
}

function Kept() {
  const hasRun = useRun((run) => run.runId !== null);
  const save = useRun((run) => run.lastSave);
  const promise = useDevice((device) => device.promise);
  if (!hasRun) return null;
  return (
    <span title={promise === "kept" || promise === "refused" ? RUNS_WORDS.promises[promise] : undefined}>
      {save
        ? `saved ${formatClock(save.savedAtMs)} (step ${save.step}, ${formatBytes(save.sizeBytes)})`
        : "not saved yet"}
    </span>
  );
}

/** One quiet line at the foot: what runs, on what, how fast, and whether it is safe. */
export function StatusStrip() {
  const { source } = usePlayground();
  const model = useRun((run) => run.model);
  useMetrics((metrics) => metrics.version);
  const seconds = useMetrics((metrics) => metrics.columns).last("stepSeconds");
  const [isOpen, setOpen] = useState(false);
  const device = <Device isOpen={isOpen} onPress={() => setOpen(!isOpen)} />;
  return (
    <section className={styles.strip} aria-label="Status">
      {isOpen && source === "live" ? <DeviceFacts /> : null}
      <div className={styles.inner}>
        {source === "recorded" ? <Recorded /> : <Live device={device} />}
        {seconds === null ? null : <span>{formatSeconds(seconds)} a step</span>}
        {source === "recorded" ? null : (
          <>
            <Cost />
            <Memory />
            <Kept />
          </>
        )}
        {model ? (
          <span className={styles.model}>
            {model.modelId} · {formatCount(model.parameterCount)} parameters
          </span>
        ) : null}
      </div>
    </section>
  );
}
