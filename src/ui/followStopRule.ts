/** Has a live run rest after the step at which the person's rule says so. */
import type { Command } from "../protocol/commands.ts";
import { isDue, mayRest, type StopRule } from "./stopRule.ts";
import type { Stores } from "./stores/connectStores.ts";

interface Follower {
  readonly stores: Stores;
  readonly session: { send(command: Command): void };
}

/** A new run obeys the rule anew. */
function rearm({ reachedAt: _, ...rule }: StopRule): StopRule {
  return rule;
}

/** Watches until the returned function is called. */
export function followStopRule({ stores, session }: Follower): () => void {
  const { run, metrics, settings } = stores;
  /** The run was told to rest after its step, and has not yet. */
  let isBraking = false;
  const look = () => {
    const { activeStep, state, step } = run.getState();
    const { stopRule } = settings.getState();
    // Somebody pauses by hand, or the run is gone: that is their rest, not the rule's.
    if (state !== "running" && state !== "paused") isBraking = false;
    if (state === "running" && !isBraking && activeStep !== null) {
      isBraking = isDue(stopRule, activeStep, metrics.getState().columns);
      if (isBraking) session.send({ type: "stepOnce" });
    } else if (state === "paused" && isBraking) {
      if (mayRest(stopRule, step)) {
        isBraking = false;
        settings.setState({ stopRule: { ...stopRule, reachedAt: step } });
      } else session.send({ type: "stepOnce" });
    }
  };
  const unfollowRun = run.subscribe((now, before) => {
    const { stopRule } = settings.getState();
    if (now.runId !== before.runId || now.step < before.step) {
      isBraking = false;
      if (stopRule.reachedAt !== undefined) settings.setState({ stopRule: rearm(stopRule) });
    }
    // Resting and running are seen when they begin, so that each is answered once.
    if (now.state !== before.state || now.activeStep !== before.activeStep) look();
  });
  const unfollowSettings = settings.subscribe((now, before) => {
    if (now.stopRule !== before.stopRule && !isBraking) look();
  });
  return () => {
    unfollowRun();
    unfollowSettings();
  };
}
