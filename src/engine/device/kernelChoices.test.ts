import { afterEach, describe, expect, it } from "vitest";
import { setCompilingOnly } from "./compilation.ts";
import { type Answers, type ChoiceStore, KernelChoices, type KernelQuestion } from "./kernelChoices.ts";

type Variant = "plain" | "tiled";

/** A GPU on which a run of each variant takes so long, and a store that remembers. */
function createStage(msOf: Record<Variant, number>) {
  const stage = { busyMs: 0, rehearsals: 0, stored: new Map<string, Answers>(), loads: 0 };
  const question = (name: string, code = "v1"): KernelQuestion<Variant> => ({
    name,
    variants: ["plain", "tiled"],
    codeOf: (variant) => `${variant} ${code}`,
    rehearse: (variant) => {
      stage.rehearsals += 1;
      stage.busyMs += msOf[variant];
    },
  });
  const store: ChoiceStore = {
    load: async (adapter) => {
      stage.loads += 1;
      return stage.stored.get(adapter) ?? {};
    },
    save: async (adapter, answers) => void stage.stored.set(adapter, answers),
  };
  const measure = async (run: () => void) => {
    const before = stage.busyMs;
    run();
    return stage.busyMs - before;
  };
  /** Asks as a step that is compiled ahead does. */
  const ask = (choices: KernelChoices, ...questions: KernelQuestion<Variant>[]) => {
    setCompilingOnly(true);
    const picked = questions.map((asked) => choices.pick(asked));
    setCompilingOnly(false);
    return picked;
  };
  return { stage, question, store, measure, ask };
}

afterEach(() => setCompilingOnly(false));

describe("choosing kernels", () => {
  it("runs the first variant until a timing run finds a faster one", async () => {
    const { question, store, measure, ask } = createStage({ plain: 3, tiled: 1 });
    const choices = new KernelChoices(false);
    expect(ask(choices, question("product/6"))).toEqual(["plain"]);
    await choices.settle("gpu", store, measure);
    expect(choices.pick(question("product/6"))).toBe("tiled");
    expect(choices.pick(question("product/7"))).toBe("plain");
  });

  it("stays with the first where the difference may be chance", async () => {
    const { question, store, measure, ask } = createStage({ plain: 1, tiled: 0.97 });
    const choices = new KernelChoices(false);
    ask(choices, question("product/6"));
    await choices.settle("gpu", store, measure);
    expect(choices.pick(question("product/6"))).toBe("plain");
  });

  it("times an adapter once, and anew when a shader's text or the adapter is another", async () => {
    const { stage, question, store, measure, ask } = createStage({ plain: 3, tiled: 1 });
    const settle = async (adapter: string, asked: KernelQuestion<Variant>) => {
      const choices = new KernelChoices(false);
      const before = stage.rehearsals;
      ask(choices, asked);
      await choices.settle(adapter, store, measure);
      expect(choices.pick(asked)).toBe("tiled");
      return stage.rehearsals - before;
    };
    expect(await settle("gpu", question("product/6"))).toBeGreaterThan(0);
    expect(await settle("gpu", question("product/6"))).toBe(0);
    expect(await settle("gpu", question("product/6", "v2"))).toBeGreaterThan(0);
    expect(await settle("other", question("product/6"))).toBeGreaterThan(0);
    // Nothing that was found before is lost.
    expect(await settle("gpu", question("product/6"))).toBe(0);
  });

  it("repeats what is too short to be seen, but not for ever", async () => {
    const { stage, question, store, measure, ask } = createStage({ plain: 0.5, tiled: 0 });
    const choices = new KernelChoices(false);
    ask(choices, question("sum"));
    await choices.settle("gpu", store, measure);
    // Twice each to compile and look, then three rounds of four.
    expect(stage.rehearsals).toBe(2 * (2 + 3 * 4));
    const free = createStage({ plain: 0, tiled: 0 });
    ask(choices, free.question("nothing"));
    await choices.settle("gpu", free.store, free.measure);
    expect(free.stage.rehearsals).toBe(2 * (2 + 3 * 32));
  });

  it("never asks where choices are fixed, and asks nothing when nothing is open", async () => {
    const { stage, question, store, measure, ask } = createStage({ plain: 3, tiled: 1 });
    const software = new KernelChoices(true);
    expect(ask(software, question("product/6"))).toEqual(["plain"]);
    await software.settle("swiftshader", store, measure);
    expect(software.pick(question("product/6"))).toBe("plain");
    const choices = new KernelChoices(false);
    // Not while compiling ahead: nobody waits for an answer in the middle of a step.
    choices.pick(question("product/6"));
    await choices.settle("gpu", store, measure);
    expect(stage).toMatchObject({ rehearsals: 0, loads: 0 });
  });

  it("does not believe a stored name that is no variant", async () => {
    const { stage, question, store, measure, ask } = createStage({ plain: 1, tiled: 5 });
    const choices = new KernelChoices(false);
    ask(choices, question("product/6"));
    await choices.settle("gpu", store, measure);
    const [key = ""] = Object.keys(stage.stored.get("gpu") ?? {});
    stage.stored.set("gpu", { [key]: "gone" });
    const again = new KernelChoices(false);
    ask(again, question("product/6"));
    await again.settle("gpu", store, measure);
    expect(stage.stored.get("gpu")).toEqual({ [key]: "plain" });
  });
});
