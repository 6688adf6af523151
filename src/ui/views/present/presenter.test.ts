import { expect, it } from "vitest";
import type { EngineErrorCode } from "../../../engine/errors.ts";
import { isBroken } from "./presenter.ts";

const failed = (code: EngineErrorCode, isFatal: boolean, step: number | null) => ({
  error: { code, message: "", data: {} },
  isFatal,
  step,
});

it("is broken when a failure has stopped the run, and only then", () => {
  expect(isBroken({ comeback: null, failure: null, state: "paused" })).toBe(false);
  expect(isBroken({ comeback: null, failure: failed("deviceLost", true, 3), state: "failed" })).toBe(true);
  expect(isBroken({ comeback: null, failure: failed("nonFinite", false, 3), state: "running" })).toBe(false);
  expect(isBroken({ comeback: null, failure: failed("nonFinite", false, 3), state: "paused" })).toBe(true);
});

it("is broken while it comes back by itself, and whole when it is back", () => {
  const run = { failure: null, state: "empty" } as const;
  expect(isBroken({ ...run, comeback: { lostAt: 3, resumedAt: null } })).toBe(true);
  expect(isBroken({ ...run, comeback: { lostAt: 3, resumedAt: 2 } })).toBe(false);
});

it("goes on without a disk, and after a file that was refused", () => {
  expect(isBroken({ comeback: null, failure: failed("storageFull", false, 3), state: "paused" })).toBe(false);
  expect(
    isBroken({ comeback: null, failure: failed("checkpointCorrupt", false, null), state: "paused" }),
  ).toBe(false);
});
