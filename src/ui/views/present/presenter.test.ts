import { expect, it } from "vitest";
import type { EngineErrorCode } from "../../../engine/errors.ts";
import { isBroken } from "./presenter.ts";

const failed = (code: EngineErrorCode, isFatal: boolean, step: number | null) => ({
  error: { code, message: "", data: {} },
  isFatal,
  step,
});

it("is broken when a failure has stopped the run, and only then", () => {
  expect(isBroken({ failure: null, state: "paused" })).toBe(false);
  expect(isBroken({ failure: failed("deviceLost", true, 3), state: "failed" })).toBe(true);
  expect(isBroken({ failure: failed("nonFinite", false, 3), state: "running" })).toBe(false);
  expect(isBroken({ failure: failed("nonFinite", false, 3), state: "paused" })).toBe(true);
});

it("goes on without a disk, and after a file that was refused", () => {
  expect(isBroken({ failure: failed("storageFull", false, 3), state: "paused" })).toBe(false);
  expect(isBroken({ failure: failed("checkpointCorrupt", false, null), state: "paused" })).toBe(false);
});
