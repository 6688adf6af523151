import { describe, expect, it } from "vitest";
import { ACTIONS } from "./actions/actions.ts";
import { findAction } from "./shortcuts.ts";

const press = (key: string, focus = "body", hasModifier = false) =>
  findAction(ACTIONS, { key, focus, hasModifier })?.id ?? null;

describe("shortcuts", () => {
  it("gives every key to one action", () => {
    const keys = ACTIONS.flatMap((action) => action.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("finds actions by key, in either case", () => {
    expect([press(" "), press("."), press("r"), press("R"), press("?")]).toEqual([
      "playPause",
      "stepOnce",
      "reset",
      "reset",
      "help",
    ]);
  });

  it("stays silent while somebody types or holds a modifier", () => {
    expect(press("r", "input:text")).toBeNull();
    expect(press("r", "textarea")).toBeNull();
    expect(press("r", "body", true)).toBeNull();
  });

  it("leaves the space bar and the arrows to the focused control", () => {
    expect(press(" ", "button")).toBeNull();
    expect(press("ArrowLeft", "input:range")).toBeNull();
    expect(press("ArrowLeft")).toBe("lookBack");
    expect(press(".", "input:range")).toBe("stepOnce");
    expect(press("Shift+ArrowLeft", "input:range")).toBeNull();
    expect([press("Shift+ArrowLeft"), press("Shift+ArrowRight")]).toEqual(["lookFarBack", "lookFarAhead"]);
  });
});
