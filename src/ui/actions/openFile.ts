import { openFiles } from "../sharing/sharing.ts";
import type { Action } from "./action.ts";

export const openFile: Action = {
  id: "openFile",
  label: () => "Open a file…",
  help: "Open a run, a checkpoint, an adapter, a picture with settings, or metrics to compare with.",
  keys: ["o"],
  isEnabled: () => true,
  run: (context) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      if (files.length > 0) void openFiles(context, files);
    });
    input.click();
  },
};
