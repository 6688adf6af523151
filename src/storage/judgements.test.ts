import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { createDatabase } from "./db.ts";
import { addJudgements, readJudgements } from "./judgements.ts";

describe("judgements", () => {
  it("come back in the order of their names, and a second verdict on an image replaces the first", async () => {
    const database = createDatabase("judgements-1");
    expect(await readJudgements(database, "a")).toEqual([]);
    await addJudgements(database, "a", [{ seed: "1", line: "one" }], 1);
    await addJudgements(database, "ab", [{ seed: "1", line: "of another" }], 2);
    await addJudgements(
      database,
      "a",
      [
        { seed: "0", line: "zero" },
        { seed: "1", line: "one again" },
      ],
      3,
    );
    expect(await readJudgements(database, "a")).toEqual(["zero", "one again"]);
    expect(await readJudgements(database, "ab")).toEqual(["of another"]);
  });

  it("of the evaluations that were used longest ago go when there are more than 24", async () => {
    const database = createDatabase("judgements-2");
    for (let at = 0; at < 24; at++)
      await addJudgements(database, `key-${at}`, [{ seed: "s", line: "l" }], at);
    await addJudgements(database, "key-0", [{ seed: "t", line: "l" }], 100);
    await addJudgements(database, "new", [{ seed: "s", line: "l" }], 101);
    expect(await readJudgements(database, "key-1")).toEqual([]);
    expect(await readJudgements(database, "key-0")).toHaveLength(2);
    expect(await readJudgements(database, "key-2")).toHaveLength(1);
    expect(await (await database.get()).count("evaluations")).toBe(24);
  });
});
