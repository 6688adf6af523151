/** What the address asks for: `?backend=`, `?model=`, `?weights=`, `?fail=`, in the query or behind the hash route. */
import type { BackendChoice, WeightsChoice } from "../protocol/commands.ts";

export interface Address {
  readonly backend: BackendChoice;
  /** Folder under `models/`; null opens the manifest's default. */
  readonly modelId: string | null;
  readonly weights: WeightsChoice;
  readonly fail: string | null;
}

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu"];
const WEIGHTS: readonly WeightsChoice[] = ["f32", "int8", "int4"];

export function parseAddress(href: string): Address {
  const url = new URL(href);
  const behindHash = new URLSearchParams(url.hash.split("?")[1] ?? "");
  const read = (key: string) => url.searchParams.get(key) ?? behindHash.get(key);
  return {
    backend: BACKENDS.find((known) => known === read("backend")) ?? "auto",
    modelId: read("model"),
    weights: WEIGHTS.find((known) => known === read("weights")) ?? "f32",
    fail: read("fail"),
  };
}
