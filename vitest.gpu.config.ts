import { defineConfig } from "vitest/config";

/** Tests that need a WebGPU adapter: one process after the other, each ended by force, since Dawn's threads outlive them. */
export default defineConfig({
  test: {
    include: ["{src,bench}/**/*.gpu.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@tensorflow\/tfjs-core\/dist/] } },
  },
});
