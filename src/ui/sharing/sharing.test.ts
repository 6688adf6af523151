import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeClient, type FakeClient } from "../__fixtures__/fakeClient.ts";
import { createSharing, type Sharing } from "./sharing.ts";

let client: FakeClient;
let sharing: Sharing;
const clicked: { href: string; download: string }[] = [];

beforeEach(() => {
  client = createFakeClient(() => undefined);
  sharing = createSharing(client);
  clicked.length = 0;
  const createElement = () => {
    const link = { href: "", download: "", click: () => clicked.push({ ...link }) };
    return link;
  };
  vi.stubGlobal("document", { createElement });
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const notice = () => sharing.store.getState().notice;
const error = { code: "fileCorrupt" as const, message: "cut", data: {} };

describe("what the worker answers", () => {
  it("is saved when a run was packed", () => {
    const bytes = new Uint8Array([80, 75, 3, 4]);
    client.emit({ type: "runExported", runId: "r", step: 3, fileName: "run.zip", bytes });
    expect(clicked).toMatchObject([{ href: expect.stringMatching(/^blob:/), download: "run.zip" }]);
    expect(notice()).toEqual({ kind: "done", words: "Saved run.zip (4 B)" });
  });

  it("asks what to do with a run that was stored", () => {
    const run = { fileName: "run.zip", runId: "r", step: 3, rewardMean: 0.5, sizeBytes: 9 };
    client.emit({ type: "runImported", ...run });
    expect(notice()).toMatchObject({ kind: "runImported", run });
  });

  it("says why a file was not taken", () => {
    client.emit({ type: "importRefused", fileName: "run.zip", error });
    expect(notice()).toEqual({ kind: "refused", fileName: "run.zip", error });
  });

  it("ends the waiting when the worker fails, and leaves other words alone", () => {
    sharing.store.setState({ notice: { kind: "busy", words: "Packing the run…" } });
    client.emit({ type: "failed", error, isFatal: false, step: 1 });
    expect(notice()).toBeNull();
    sharing.store.setState({ notice: { kind: "done", words: "Saved" } });
    client.emit({ type: "failed", error, isFatal: false, step: 1 });
    expect(notice()).not.toBeNull();
  });

  it("is not heard any more once disposed", () => {
    sharing.dispose();
    client.emit({ type: "importRefused", fileName: "run.zip", error });
    expect(notice()).toBeNull();
  });
});
