/** Has a live run rest after the step at which the person's rule says so. */
import type { Command } from "../protocol/commands.ts";
import { isLastStep, type StopRule } from "./stopRule.ts";
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
  const look = () => {
    const { activeStep, state } = run.getState();
    const { stopRule } = settings.getState();
    if (activeStep === null || state !== "running") return;
    if (!isLastStep(stopRule, activeStep, metrics.getState().columns)) return;
    settings.setState({ stopRule: { ...stopRule, reachedAt: activeStep } });
    // The step at work becomes the last one.
    session.send({ type: "stepOnce" });
  };
  const unfollowRun = run.subscribe((now, before) => {
    const { stopRule } = settings.getState();
    const isNewRun = now.runId !== before.runId || now.step < before.step;
    if (isNewRun && stopRule.reachedAt !== undefined) settings.setState({ stopRule: rearm(stopRule) });
    look();
  });
  const unfollowSettings = settings.subscribe((now, before) => {
    if (now.stopRule !== before.stopRule) look();
  });
  return () => {
    unfollowRun();
    unfollowSettings();
  };
}
