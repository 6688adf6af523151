import { describe, expect, it } from "vitest";
import { ACTIONS } from "./actions/actions.ts";
import { VIEW_IDS, type ViewId } from "./routes.ts";
import { actionsIn, findAction } from "./shortcuts.ts";

const press = (key: string, focus = "body", hasModifier = false, view: ViewId = "train") =>
  findAction(actionsIn(ACTIONS, view), { key, focus, hasModifier })?.id ?? null;

describe("shortcuts", () => {
  it.each([undefined, ...VIEW_IDS])("gives every key to one action of all views, or of %s", (view) => {
    const keys = ACTIONS.filter((action) => action.view === view).flatMap((action) => action.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("votes by arrows in the arena, and only there", () => {
    const arrows = ["ArrowLeft", "ArrowDown", "ArrowUp", "ArrowRight"];
    expect(arrows.map((key) => press(key, "body", false, "arena"))).toEqual([
      "vote.left",
      "vote.bothBad",
      "vote.tie",
      "vote.right",
    ]);
    expect(arrows.map((key) => press(key, "button", false, "train"))).toEqual([
      "lookBack",
      null,
      null,
      "lookAhead",
    ]);
    // The border between the pictures is moved by the same keys while it has the focus.
    expect(press("ArrowLeft", "input:range", false, "arena")).toBeNull();
    expect(press("n", "body", false, "train")).toBeNull();
    expect(press("t", "body", false, "arena")).toBe("theme");
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
    expect(press("ArrowLeft", "input:checkbox")).toBe("lookBack");
    expect(press(".", "input:range")).toBe("stepOnce");
    expect(press("Shift+ArrowLeft", "input:range")).toBeNull();
    expect([press("Shift+ArrowLeft"), press("Shift+ArrowRight")]).toEqual(["lookFarBack", "lookFarAhead"]);
  });
});
