import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

describe("other libraries", () => {
  it("are imported by benchmarks only, and those by the command line only", () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.tsx?$/.test(name),
    );
    expect(files.length).toBeGreaterThan(100);
    const importing = files.filter((name) =>
      /(from|import\()\s*"(@jax-js|onnxruntime-web|(\.\.\/)+bench\/)/.test(
        readFileSync(join(SOURCE, name), "utf8"),
      ),
    );
    // Types vanish when it is built; the rest is loaded on demand, in Node.
    expect(importing).toEqual([join("cli", "bench.ts")]);
  });
});
