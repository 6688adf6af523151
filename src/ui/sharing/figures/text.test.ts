import { expect, it } from "vitest";
import { shorten, wrap } from "./text.ts";

/** Every letter is one wide. */
const measure = (text: string): number => text.length;

it("shortens only what is too wide", () => {
  expect(shorten("three apples", 12, measure)).toBe("three apples");
  expect(shorten("three apples", 8, measure)).toBe("three a…");
  expect(shorten("three apples", 7, measure)).toBe("three…");
});

it("breaks lines at words, and ends the last one where it must", () => {
  expect(wrap("a photo of three red apples", 10, 3, measure)).toEqual(["a photo of", "three red", "apples"]);
  expect(wrap("a photo of three red apples", 10, 2, measure)).toEqual(["a photo of", "three red…"]);
  expect(wrap("incomprehensibilities", 8, 2, measure)).toEqual(["incompr…"]);
  expect(wrap("", 8, 2, measure)).toEqual([""]);
});
