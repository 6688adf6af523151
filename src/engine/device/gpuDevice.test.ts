import { expect, it } from "vitest";
import { openDevice } from "./gpuDevice.ts";

it("asks for what the adapter offers of what is wanted, without what is unwanted", async () => {
  const asked: string[][] = [];
  const adapter = {
    features: new Set(["shader-f16", "subgroups", "depth-clip-control"]),
    limits: {},
    requestDevice: async ({ requiredFeatures }: { requiredFeatures: string[] }) => {
      asked.push(requiredFeatures);
      return {};
    },
  } as unknown as GPUAdapter;
  await openDevice(adapter);
  await openDevice(adapter, ["shader-f16"]);
  expect(asked).toEqual([["shader-f16", "subgroups"], ["subgroups"]]);
});
