import { describe, expect, it } from "vitest";
import { CUES, type CueId, findCue, layOver, NO_OVERLAYS, type Overlays, whatToLeave } from "./cues.ts";

const find = (key: string, { focus = "body", hasModifier = false, shortcuts = true } = {}) =>
  findCue({ key, focus, hasModifier }, shortcuts);

const follow = (...cues: CueId[]): Overlays => cues.reduce(layOver, NO_OVERLAYS);

describe("keys", () => {
  it("gives every key to one cue", () => {
    const keys = CUES.flatMap((cue) => cue.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("knows arrows, clickers and letters in either case", () => {
    const presses = ["ArrowRight", "PageDown", "ArrowLeft", "b", "B", ".", "r", "n", "w", "f", "?", "Escape"];
    expect(presses.map((key) => find(key))).toEqual([
      "next",
      "next",
      "back",
      "black",
      "black",
      "black",
      "source",
      "notes",
      "notesWindow",
      "fullScreen",
      "keys",
      "leave",
    ]);
    expect([find("Shift+ArrowRight"), find("Shift+ArrowLeft")]).toEqual(["later", "earlier"]);
    // Another layout's way to type it.
    expect(find("?")).toBe("keys");
  });

  it("leaves all others to the page, and all of them to the browser's own shortcuts", () => {
    expect([find(" "), find("t"), find("Enter"), find("Tab")]).toEqual([null, null, null, null]);
    expect([find("r", { hasModifier: true }), find("ArrowLeft", { hasModifier: true })]).toEqual([
      null,
      null,
    ]);
  });

  it("keeps arrows and Escape where single keys are switched off", () => {
    expect([find("b", { shortcuts: false }), find(".", { shortcuts: false })]).toEqual([null, null]);
    expect([find("ArrowRight", { shortcuts: false }), find("Escape", { shortcuts: false })]).toEqual([
      "next",
      "leave",
    ]);
  });

  it("works from a focused button, and lets a menu have its arrows", () => {
    expect(find("ArrowRight", { focus: "button" })).toBe("next");
    expect(find("ArrowRight", { focus: "div:menuitem" })).toBeNull();
  });
});

describe("overlays", () => {
  it("opens and closes each with its own key", () => {
    expect(follow("notes")).toEqual({ ...NO_OVERLAYS, hasNotes: true });
    expect(follow("notesWindow")).toEqual({ ...NO_OVERLAYS, hasNotesWindow: true });
    // On another screen it is not dark.
    expect(follow("black", "notesWindow").hasNotesWindow).toBe(true);
    expect(follow("notes", "notes", "keys", "keys", "black", "black")).toEqual(NO_OVERLAYS);
  });

  it("opens nothing in the dark, and keeps the notes for afterwards", () => {
    expect(follow("notes", "black", "notes", "keys")).toEqual({
      ...NO_OVERLAYS,
      hasNotes: true,
      isBlack: true,
    });
    expect(follow("notes", "black", "leave")).toEqual({ ...NO_OVERLAYS, hasNotes: true });
  });

  it("is not moved by a beat", () => {
    expect(follow("black", "next", "source")).toEqual({ ...NO_OVERLAYS, isBlack: true });
  });

  it("leaves one thing at a time", () => {
    expect(whatToLeave(follow("black"), true)).toBe("overlay");
    expect(whatToLeave(follow("keys"), false)).toBe("overlay");
    expect(whatToLeave(follow("notes"), true)).toBe("fullScreen");
    expect(whatToLeave(follow("notes"), false)).toBe("view");
  });
});
