/**
 * Sharing as the page sees it: a store of what there is to say, and the events that concern it. What makes and reads
 * files is loaded when somebody asks for it.
 */
import { EngineError, toErrorRecord } from "../../engine/errors.ts";
import type { WorkerEvent } from "../../protocol/events.ts";
import type { TrainClient } from "../../workers/client.ts";
import type { ActionContext } from "../actions/action.ts";
import { BUSY_WORDS, saidSaved } from "../text/sharing.ts";
import { saveFile } from "./saveFile.ts";
import { createSharingStore, type SharingStore } from "./sharingStore.ts";
import type { Takeaway } from "./takeAway.ts";

export interface Sharing {
  readonly store: SharingStore;
  dispose(): void;
}

function follow(store: SharingStore, event: WorkerEvent): void {
  if (event.type === "runExported") {
    const blob = new Blob([event.bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" });
    saveFile({ name: event.fileName, blob });
    store.setState({ notice: { kind: "done", words: saidSaved(event.fileName, blob.size) } });
  } else if (event.type === "runImported") {
    store.setState({ notice: { kind: "runImported", run: event } });
  } else if (event.type === "importRefused") {
    store.setState({ notice: { kind: "refused", fileName: event.fileName, error: event.error } });
  } else if (event.type === "failed" && store.getState().notice?.kind === "busy") {
    // The failure has a card of its own; nobody waits for the file any more.
    store.setState({ notice: null });
  }
}

export function createSharing(client: Pick<TrainClient, "subscribe">): Sharing {
  const store = createSharingStore();
  return { store, dispose: client.subscribe((event) => follow(store, event)) };
}

/** Shows why something could not be made or opened. */
export function refuse(store: SharingStore, fileName: string, thrown: unknown): void {
  store.setState({ notice: { kind: "refused", fileName, error: toErrorRecord(thrown) } });
}

/** @throws EngineError("networkFailed") when the part cannot be had, as without a network */
async function loadPart<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    throw new EngineError(
      "networkFailed",
      "This part of the page could not be loaded. Check the connection and try again.",
      {},
      { cause },
    );
  }
}

/** Makes a file of what is shown and saves it. */
export async function takeAway(context: ActionContext, wanted: Takeaway): Promise<void> {
  const { store } = context.sharing;
  const say = (words: string) => store.setState({ notice: { kind: "busy", words } });
  say(BUSY_WORDS.picture);
  try {
    const { make } = await loadPart(import("./takeAway.ts"));
    const file = await make(context, wanted, say);
    saveFile(file);
    store.setState({ notice: { kind: "done", words: saidSaved(file.name, file.blob.size) } });
  } catch (thrown) {
    refuse(store, "", thrown);
  }
}

/** Opens what was dropped or chosen. */
export async function openFiles(context: ActionContext, files: readonly File[]): Promise<void> {
  const { store } = context.sharing;
  const fileName = files.map(({ name }) => name).join(", ");
  store.setState({ notice: { kind: "busy", words: BUSY_WORDS.reading(fileName) } });
  try {
    const { readFiles } = await loadPart(import("./readFiles.ts"));
    await readFiles(context, files);
  } catch (thrown) {
    refuse(store, fileName, thrown);
  }
}
