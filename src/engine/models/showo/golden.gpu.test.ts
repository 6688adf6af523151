/** The golden checks on WebGPU, whatever adapter Dawn finds. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { type CheckResult, verifyShowoGolden } from "./golden.ts";

const shared = process.env.UNIRL_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const hasDawn = (await openDawn()) !== null;
/** SwiftShader compiles each shader for a second or two. */
const TIMEOUT_MS = 400_000;

describe.skipIf(!hasDawn)("golden numbers on WebGPU", () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, TIMEOUT_MS);
  afterAll(closeBackend);

  it(
    "are met",
    async () => {
      const results: CheckResult[] = [];
      const read = async (name: string) => new Uint8Array(await readFile(`${shared}/golden/showo-a/${name}`));
      for await (const result of verifyShowoGolden(read)) results.push(result);
      expect(results.filter(({ pass }) => !pass)).toEqual([]);
      expect(results).toHaveLength(15);
    },
    TIMEOUT_MS,
  );
});
