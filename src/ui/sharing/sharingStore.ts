/** What the page says about sharing: what is being made, what came out, and what a file that was opened asks. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { SharedConfig } from "../../formats/sharedConfig.ts";
import type { EventOf } from "../../protocol/events.ts";
import type { MetricColumns } from "../stores/metricColumns.ts";

export type Notice =
  | { readonly kind: "busy"; readonly words: string }
  | { readonly kind: "done"; readonly words: string }
  | { readonly kind: "configFound"; readonly shared: SharedConfig }
  | { readonly kind: "runImported"; readonly run: Omit<EventOf<"runImported">, "type"> }
  | { readonly kind: "refused"; readonly fileName: string; readonly error: EventOf<"failed">["error"] };

/** Curves of another run, drawn behind those of this one. */
export interface Comparison {
  readonly name: string;
  readonly columns: MetricColumns;
}

export interface SharingView {
  readonly notice: Notice | null;
  readonly comparison: Comparison | null;
}

export type SharingStore = StoreApi<SharingView>;
export const createSharingStore = (): SharingStore =>
  createStore<SharingView>(() => ({ notice: null, comparison: null }));
