/** What the address asks for beside the view, in the query or behind the hash route: `?backend=`, `?model=`, … */
import type { BackendChoice, WeightsChoice } from "../protocol/commands.ts";

export interface Address {
  readonly backend: BackendChoice;
  /** Folder under `models/`; null opens the manifest's default. */
  readonly modelId: string | null;
  readonly weights: WeightsChoice;
  readonly fail: string | null;
  /** Whether the page opens on the live run instead of a recorded one. */
  readonly isLive: boolean;
  /** Whether the model may be downloaded before anybody asks for it. */
  readonly mayAutoload: boolean;
}

/** Keys that belong to the address and not to the state of the page. */
export const ADDRESS_KEYS = ["backend", "model", "fail", "weights", "live", "autoload"] as const;
type AddressKey = (typeof ADDRESS_KEYS)[number];

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu"];
const WEIGHTS: readonly WeightsChoice[] = ["f32", "int8", "int4"];

export function parseAddress(href: string): Address {
  const url = new URL(href);
  const behindHash = new URLSearchParams(url.hash.split("?")[1] ?? "");
  const read = (key: AddressKey) => url.searchParams.get(key) ?? behindHash.get(key);
  return {
    backend: BACKENDS.find((known) => known === read("backend")) ?? "auto",
    modelId: read("model"),
    weights: WEIGHTS.find((known) => known === read("weights")) ?? "f32",
    fail: read("fail"),
    isLive: read("live") === "1",
    mayAutoload: read("autoload") !== "0",
  };
}
