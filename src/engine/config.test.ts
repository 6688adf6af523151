import { describe, expect, it } from "vitest";
import { ALGORITHM_FIELDS } from "./config/algorithmFields.ts";
import { RECIPE_FIELDS } from "./config/recipeFields.ts";
import { RUN_FIELDS } from "./config/runFields.ts";
import { CONFIG_FIELDS, isInRange, makeConfig, PRESETS, type PresetName } from "./config.ts";

describe("the table of settings", () => {
  it("has every key once: none is hidden by the same key of another part", () => {
    const keys = [RECIPE_FIELDS, ALGORITHM_FIELDS, RUN_FIELDS].flatMap((part) => Object.keys(part));
    expect(Object.keys(CONFIG_FIELDS)).toEqual(keys);
  });

  it.each(Object.entries(CONFIG_FIELDS))("allows the default of %s", (_, field) => {
    expect(isInRange(field, field.default)).toBe(true);
  });
});

describe("makeConfig", () => {
  it.each(Object.keys(PRESETS) as PresetName[])("takes the defaults, then %s, then the changes", (name) => {
    const config = makeConfig(name, { seed: 7 });
    for (const [key, { default: value }] of Object.entries(CONFIG_FIELDS)) {
      const wanted = { [key]: value, ...PRESETS[name], seed: 7 };
      expect(config).toHaveProperty(key, wanted[key as keyof typeof wanted]);
    }
  });

  it("refuses what is out of range, of the wrong kind or unknown", () => {
    expect(() => makeConfig("robust", { groupSize: 1 })).toThrow("groupSize");
    expect(() => makeConfig("robust", { groupSize: 2.5 })).toThrow("groupSize");
    expect(() => makeConfig("robust", { objective: "ppo" as "grpo" })).toThrow("objective");
    expect(() => makeConfig("robust", { grupSize: 4 } as never)).toThrow("grupSize");
  });
});
