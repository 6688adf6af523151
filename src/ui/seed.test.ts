import { expect, it } from "vitest";
import { CONFIG_FIELDS } from "../engine/config.ts";
import { arenaHash, newRunChanges, rollSeed } from "./seed.ts";

it("rolls whole seeds within the field's range, and not the same one", () => {
  const seeds = Array.from({ length: 20 }, rollSeed);
  const { min, max } = CONFIG_FIELDS.seed;
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= min && seed <= max)).toBe(true);
  expect(new Set(seeds).size).toBeGreaterThan(1);
});

it("keeps the seed of a new run while it is held, and a seed that was asked for always", () => {
  expect(newRunChanges({ draft: { loraRank: 8 }, isSeedLocked: true })).toEqual({ loraRank: 8 });
  expect(newRunChanges({ draft: { seed: 7 }, isSeedLocked: false })).toEqual({ seed: 7 });
  const rolled = newRunChanges({ draft: { loraRank: 8 }, isSeedLocked: false });
  expect(rolled).toEqual({ loraRank: 8, seed: expect.any(Number) });
});

it("names a picture in an address, whatever its prompt and its seed hold", () => {
  const hash = arenaHash("a cat & a dog?", "0/step/3/0/2");
  const query = new URLSearchParams(hash.split("?")[1]);
  expect(hash.startsWith("#/arena?")).toBe(true);
  expect([query.get("prompt"), query.get("seed")]).toEqual(["a cat & a dog?", "0/step/3/0/2"]);
});
